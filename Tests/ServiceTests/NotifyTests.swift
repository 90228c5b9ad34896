import Foundation
import Glibc
import TestKit
import Testing

@Suite struct `The service manager` {
    /// What comes to a datagram socket, in order.
    struct Mailslot {
        let path: String
        private let descriptor: Int32

        init() throws {
            path = "/tmp/keyturn-notify-\(UUID().uuidString)"
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let name = Array(path.utf8)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
            let bound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(bound == 0)
        }

        func remove() {
            close(descriptor)
            unlink(path)
        }

        /// The messages so far, waiting up to ten seconds until one is `last`.
        func messages(until last: String) async throws -> [String] {
            var messages: [String] = []
            for _ in 0..<200 {
                var buffer = [UInt8](repeating: 0, count: 128)
                let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
                if count > 0 {
                    messages.append(String(decoding: buffer[..<count], as: UTF8.self))
                    if messages.last == last { break }
                } else {
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            return messages
        }
    }

    @Test func `hears when the service is ready, that it lives, and that it ends`() async throws {
        let slot = try Mailslot()
        defer { slot.remove() }
        let keyturn = try await RunningKeyturn.serve(["NOTIFY_SOCKET": slot.path, "WATCHDOG_USEC": "30000000"])
        #expect(try await slot.messages(until: "READY=1").last == "READY=1")
        #expect(try await slot.messages(until: "WATCHDOG=1").last == "WATCHDOG=1")
        #expect(await keyturn.stop() == 0)
        #expect(try await slot.messages(until: "STOPPING=1").last == "STOPPING=1")
    }
}
