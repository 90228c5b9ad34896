/// Which processes deliver from this database, for as long as they live.
import Keyturn
import Telemetry

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A lock on a file beside the database, shared by every process that delivers. The kernel takes it back however a process ends.
final class ProcessLock: Sendable {
    private let descriptor: Int32

    /// How long ``share()`` waits for a process that finds out whether it is alone: longer than its few statements may wait for a
    /// busy database.
    static let shareLimit: Duration = .seconds(30)
    private static let shareInterval: Duration = .milliseconds(20)

    /// Opens the file, creating it with mode 0600.
    init(beside path: String) throws(StorageFailed) {
        descriptor = PrivateFile.open("\(path)-lock", O_RDWR)
        guard descriptor >= 0 else {
            throw StorageFailed(.unavailable, reason: "cannot open \(path)-lock: \(SystemWords.words(errno: errno))")
        }
    }

    deinit { _ = close(descriptor) }

    /// Whether no other process holds it; none can take it until ``share()``.
    func isAlone() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

    /// From now on others see that we are there. Waits for a process that is just finding out whether it is alone.
    /// - Throws: if that one is not done within `limit`: it is a restore, or it hangs.
    func share(within limit: Duration = shareLimit) async throws(StorageFailed) {
        let end = ContinuousClock.now + limit
        while flock(descriptor, LOCK_SH | LOCK_NB) != 0 {
            let number = errno
            guard number == EWOULDBLOCK || number == EINTR else {
                throw StorageFailed(
                    .unavailable, reason: "cannot lock the database's lock file: \(SystemWords.words(errno: number))")
            }
            guard ContinuousClock.now < end else {
                throw StorageFailed(
                    .unavailable, reason: "another process holds the database's lock file: is a restore under way?")
            }
            try? await Task.sleep(for: Self.shareInterval)
        }
    }
}
