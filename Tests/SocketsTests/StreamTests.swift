/// Two ends of one connection, over real sockets.
import Glibc
import Sockets
import Testing

@Suite struct `A stream` {
    @Test(arguments: Place.allCases) func `carries bytes both ways and says when the other end has finished`(
        place: Place
    ) async throws {
        try await withLoops { loops in
            let (near, far) = try await pair(place, on: loops)
            try await near.write(Array("hello".utf8), until: soon)
            near.finishWriting()
            #expect(try await readAll(far) == Array("hello".utf8))
            try await far.write(Array("good bye".utf8), until: soon)
            far.close()
            #expect(try await readAll(near) == Array("good bye".utf8))
        }
    }

    @Test func `carries more than the kernel's buffers hold`() async throws {
        try await withLoops { loops in
            let (near, far) = try await pair(.ipv4, on: loops)
            let bytes = (0..<8_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            async let received = readAll(far)
            try await near.write(bytes, until: soon)
            near.close()
            #expect(try await received == bytes)
        }
    }

    @Test func `reads at most what it was asked for, and the rest later`() async throws {
        try await withLoops { loops in
            let (near, far) = try await pair(.ipv4, on: loops)
            try await near.write([1, 2, 3, 4, 5], until: soon)
            var buffer: [UInt8] = [0]
            #expect(try await far.read(into: &buffer, atMost: 2, until: soon) == 2)
            #expect(buffer == [0, 1, 2])
            #expect(try await far.read(into: &buffer, atMost: 9, until: soon) == 3)
            #expect(buffer == [0, 1, 2, 3, 4, 5])
        }
    }

    @Test func `waits for a byte no longer than it was told`() async throws {
        try await withLoops { loops in
            let (near, far) = try await pair(.ipv4, on: loops)
            defer { near.close() }
            let began = Deadline.now
            var buffer: [UInt8] = []
            await #expect(throws: SocketFailed.timedOut) {
                try await far.read(into: &buffer, atMost: 1, until: .now + .milliseconds(30))
            }
            #expect(Deadline.now - began >= .milliseconds(30))
        }
    }

    @Test func `waits for room no longer than it was told`() async throws {
        try await withLoops { loops in
            let (near, far) = try await pair(.ipv4, on: loops)
            await #expect(throws: SocketFailed.timedOut) {
                try await near.write([UInt8](repeating: 7, count: 50_000_000), until: .now + .milliseconds(30))
            }
            far.close()
        }
    }

    @Test func `an earlier deadline after a later one holds`() async throws {
        try await withLoops { loops in
            let (near, far) = try await pair(.ipv4, on: loops)
            var buffer: [UInt8] = []
            async let first = far.read(into: &buffer, atMost: 1, until: .now + .seconds(30))
            try await near.write([1], until: soon)
            #expect(try await first == 1)
            var rest: [UInt8] = []
            await #expect(throws: SocketFailed.timedOut) {
                try await far.read(into: &rest, atMost: 1, until: .now + .milliseconds(20))
            }
        }
    }

    @Test func `closed while it waits ends the wait`() async throws {
        try await withLoops { loops in
            let (near, far) = try await pair(.ipv4, on: loops)
            defer { near.close() }
            async let reading: Void = {
                var buffer: [UInt8] = []
                await #expect(throws: SocketFailed.closed) { try await far.read(into: &buffer, atMost: 1, until: nil) }
            }()
            try await Task.sleep(for: .milliseconds(10))
            far.close()
            await reading
            await #expect(throws: SocketFailed.closed) { try await far.write([1], until: nil) }
        }
    }

    @Test func `a reset keeps its number`() async throws {
        try await withLoops { loops in
            let (near, far) = try await pair(.ipv4, on: loops)
            try await far.write([1], until: soon)
            try await near.waitUntilReadable(until: soon)
            // Closing with unread bytes resets the connection.
            near.close()
            var buffer: [UInt8] = []
            await #expect(throws: SocketFailed.system(call: "recv", errno: ECONNRESET)) {
                while try await far.read(into: &buffer, atMost: 1, until: soon) > 0 {}
            }
        }
    }

    @Test func `to nobody is refused with the kernel's number`() async throws {
        try await withLoops { loops in
            let address = try Listener(.ip(bytes: [127, 0, 0, 1], port: 0)).address
            await #expect(throws: SocketFailed.system(call: "connect", errno: ECONNREFUSED)) {
                try await SocketStream.connect(to: address, on: loops.next(), until: soon)
            }
        }
    }

    @Test func `knows who is at the other end`() async throws {
        try await withLoops { loops in
            let (near, far) = try await pair(.ipv6, on: loops)
            guard case .ip(let bytes, let port) = far.peer else { return #expect(Bool(false)) }
            #expect(bytes == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
            #expect(port > 0)
            near.close()
        }
    }

    @Test func `that nobody keeps is closed`() async throws {
        try await withLoops { loops in
            let far = try await pair(.ipv4, on: loops).1
            #expect(try await readAll(far) == [])
        }
    }
}
