/// Lets one process at a time put a Unix socket into a directory.
import CLinux
import Glibc

/// Two starts that both find an abandoned socket would unlink each other's new one. The lock is on the directory itself (flock(2)), so that
/// no file is left behind; the kernel releases it if the process ends.
struct DirectoryLock {
    /// How long another start may take from its bind to its listen.
    private static let patience: Duration = .seconds(2)
    private static let pause: useconds_t = 5_000

    private let descriptor: Int32

    /// nil for an address that is no Unix socket; for a directory that cannot be opened or locked, or is held for longer than
    /// ``patience``: then nothing there may be replaced. Blocks the calling thread.
    init?(of address: SocketAddress) {
        guard case .unix(let path) = address, !path.utf8.contains(0) else { return nil }
        let directory = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? "."
        descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        let end = Deadline.now + Self.patience
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR, Deadline.now < end else {
                close(descriptor)
                return nil
            }
            usleep(Self.pause)
        }
    }

    func release() { close(descriptor) }
}
