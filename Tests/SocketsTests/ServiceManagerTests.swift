import Foundation
import Glibc
import Sockets
import Testing

@Suite struct `The service manager` {
    /// A datagram socket of systemd's kind, bound to a path or an abstract name.
    func listening(on name: [UInt8]) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(2 + name.count)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        try #require(bound == 0)
        return descriptor
    }

    func received(_ descriptor: Int32) -> String? {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
    }

    @Test(arguments: ["/", "@"])
    func `hears what it is told`(kind: String) throws {
        let name = kind == "/" ? "/tmp/keyturn-\(UUID().uuidString)" : "@keyturn-\(UUID().uuidString)"
        let descriptor = try listening(on: kind == "/" ? Array(name.utf8) : [0] + name.utf8.dropFirst())
        defer {
            close(descriptor)
            unlink(name)
        }
        let manager = try #require(ServiceManager { ["NOTIFY_SOCKET": name][$0] })
        manager.tell("READY=1")
        #expect(received(descriptor) == "READY=1")
    }

    @Test(arguments: [
        ([:], nil), (["WATCHDOG_USEC": "1000"], "WATCHDOG=1"), (["WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"], nil),
        (["WATCHDOG_USEC": "1000", "WATCHDOG_PID": "\(getpid())"], "WATCHDOG=1"),
        (["WATCHDOG_PID": "\(getpid())"], nil),
    ])
    func `gets a sign of life where it waits for this process's`(watchdog: [String: String], sign: String?) throws {
        let name = "@keyturn-\(UUID().uuidString)"
        let descriptor = try listening(on: [0] + name.utf8.dropFirst())
        defer { close(descriptor) }
        let manager = try #require(ServiceManager { $0 == "NOTIFY_SOCKET" ? name : watchdog[$0] })
        manager.feedWatchdog()
        #expect(received(descriptor) == sign)
    }

    @Test func `is nobody where the socket's name is none`() {
        for name in [nil, "", "relative", "/" + String(repeating: "a", count: 107)] {
            #expect(ServiceManager { $0 == "NOTIFY_SOCKET" ? name : nil } == nil)
        }
    }

    @Test func `is not waited for when it is gone`() {
        ServiceManager { $0 == "NOTIFY_SOCKET" ? "/tmp/nobody-\(UUID().uuidString)" : nil }?.tell("READY=1")
    }
}
