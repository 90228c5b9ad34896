/// Tells systemd how the service is, by the protocol of sd_notify(3).
import CLinux
import Glibc

/// One datagram a message, to the socket that `$NOTIFY_SOCKET` names. Never waits, and nothing depends on its success.
package struct ServiceManager: Sendable {
    /// Whoever started this process and wants to hear of it; nil where nobody does.
    package static let current = ServiceManager(
        socket: environment("NOTIFY_SOCKET"), wantsWatchdog: environment("WATCHDOG_USEC") != nil)

    private let socket: [UInt8]
    private let wantsWatchdog: Bool

    /// - Parameter socket: a path, or a name behind `@` in Linux' abstract namespace; at most 107 bytes.
    package init?(socket: String?, wantsWatchdog: Bool) {
        let bytes = Array((socket ?? "").utf8)
        guard let first = bytes.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "@"), bytes.count <= 107
        else {
            return nil
        }
        self.socket = first == UInt8(ascii: "@") ? [0] + bytes.dropFirst() : bytes
        self.wantsWatchdog = wantsWatchdog
    }

    /// `READY=1`, `STOPPING=1`, `RELOADING=1`.
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

    private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
