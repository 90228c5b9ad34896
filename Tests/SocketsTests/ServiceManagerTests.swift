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
        let manager = try #require(ServiceManager(socket: name, wantsWatchdog: false))
        manager.tell("READY=1")
        #expect(received(descriptor) == "READY=1")
        manager.feedWatchdog()
        #expect(received(descriptor) == nil)
        ServiceManager(socket: name, wantsWatchdog: true)?.feedWatchdog()
        #expect(received(descriptor) == "WATCHDOG=1")
    }

    @Test func `is nobody where the socket's name is none`() {
        for name in [nil, "", "relative", "/" + String(repeating: "a", count: 107)] {
            #expect(ServiceManager(socket: name, wantsWatchdog: true) == nil)
        }
    }

    @Test func `is not waited for when it is gone`() {
        ServiceManager(socket: "/tmp/nobody-\(UUID().uuidString)", wantsWatchdog: true)?.tell("READY=1")
    }
}
