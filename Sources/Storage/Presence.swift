/// Which processes deliver from this database, for as long as they live.
import Keyturn
import Telemetry

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A lock on a file beside the database, shared by every process that delivers. The kernel takes it back however a process ends.
final class Presence: Sendable {
    private let descriptor: Int32

    /// Opens the file, creating it with mode 0600.
    init(beside path: String) throws(StorageFailed) {
        descriptor = PrivateFile.open("\(path)-lock", O_RDWR)
        guard descriptor >= 0 else {
            throw StorageFailed(code: 0, reason: "cannot open the lock file: \(SystemWords.words(errno: errno))")
        }
    }

    deinit { _ = close(descriptor) }

    /// Whether nobody else is there; nobody comes either until ``share()``.
    func isAlone() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

    /// From now on others see that we are there. Waits for one who is just finding out whether he is alone.
    func share() throws(StorageFailed) {
        while flock(descriptor, LOCK_SH) != 0 {
            guard errno == EINTR else {
                throw StorageFailed(code: 0, reason: "cannot lock: \(SystemWords.words(errno: errno))")
            }
        }
    }
}
