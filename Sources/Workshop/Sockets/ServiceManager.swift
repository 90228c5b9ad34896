/// Tells systemd how the service is, by the protocol of sd_notify(3).
import CLinux
import Glibc

/// One datagram a message, to the socket that `$NOTIFY_SOCKET` names. Never waits, and nothing depends on its success.
package struct ServiceManager: Sendable {
    /// The service manager that started this process and wants to hear of it; nil if there is none.
    package static let current = ServiceManager { name in getenv(name).map { String(cString: $0) } }

    private let socket: [UInt8]
    private let wantsWatchdog: Bool

    /// - Parameter environment: `NOTIFY_SOCKET` is a path, or a name behind `@` in Linux' abstract namespace, at most 107 bytes;
    ///   `WATCHDOG_USEC` says that signs of life are waited for, `WATCHDOG_PID` whose, where it is there (sd_watchdog_enabled(3)).
    package init?(_ environment: (String) -> String?) {
        let bytes = Array((environment("NOTIFY_SOCKET") ?? "").utf8)
        guard let first = bytes.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "@"), bytes.count <= 107
        else {
            return nil
        }
        let own = String(getpid())
        self.socket = first == UInt8(ascii: "@") ? [0] + bytes.dropFirst() : bytes
        wantsWatchdog = environment("WATCHDOG_USEC") != nil && environment("WATCHDOG_PID") ?? own == own
    }

    /// `READY=1`, `STOPPING=1`.
    package func tell(_ message: String) {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: socket) }
        let bytes = Array(message.utf8)
        // The field exists, so it has an offset. Up to the last byte of the name: one in the abstract namespace ends where the length says.
        let length = socklen_t(MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + socket.count)
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                sendto(
                    descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT), generic,
                    length)
            }
        }
    }

    /// A sign of life, where a watchdog waits for one.
    package func feedWatchdog() { if wantsWatchdog { tell("WATCHDOG=1") } }
}
