/// The threads, and what is left of them.
import Glibc
import Testing

@testable import Sockets

/// Counts what it is told, and what time the loop says it is.
private final class Told: SocketDriver, Sendable {
    let changes = Shared(0)
    let heardAt = Shared<Deadline?>(nil)
    private let loop: EventLoop
    init(on loop: EventLoop) { self.loop = loop }

    func socketChanged() {
        changes.change { $0 += 1 }
        heardAt.change { [loop] in $0 = loop.now }
    }
    func socketTimedOut() {}
    func socketClosed() {}
}

@Suite struct `A loop` {
    @Test func `runs what prefers it, in turn, on its own thread`() async throws {
        try await withLoops { loops in
            for loop in loops.all {
                let here = Task(executorPreference: loop) { () async -> Bool in
                    await Task.yield()
                    return loop.isCurrent
                }
                #expect(await here.value)
            }
            #expect(!loops.all.contains { $0.isCurrent })
            #expect(loops.next() !== loops.next())
        }
    }

    @Test func `wakes for work from other threads, whenever it comes`() async throws {
        try await withLoops { loops in
            let sum = Shared(0)
            await withTaskGroup(of: Void.self) { group in
                for number in 1...2000 {
                    group.addTask(executorPreference: loops.next()) { sum.change { $0 += number } }
                }
            }
            #expect(sum.value == 2_001_000)
        }
    }

    @Test func `comes back from a sleep in the order of the deadlines`() async throws {
        try await withLoops { loops in
            let loop = loops.next()
            let order = Shared<[Int]>([])
            let began = Deadline.now
            await withTaskGroup(of: Void.self) { group in
                for milliseconds in [600, 200, 400, -5] {
                    group.addTask(executorPreference: loop) {
                        await loop.sleep(until: began + .milliseconds(milliseconds))
                        order.change { $0.append(milliseconds) }
                    }
                }
            }
            #expect(order.value == [-5, 200, 400, 600])
            #expect(Deadline.now - began >= .milliseconds(600))
        }
    }

    @Test func `that has ended lets nobody sleep`() async throws {
        let loops = try EventLoops(count: 1)
        let loop = loops.next()
        await loops.shutDown()
        await loop.sleep(until: .now + .seconds(3600))
    }

    @Test func `says what time it is after it has slept, not before`() async throws {
        try await withTold { loop, _, told, far in
            await loop.turn()
            try await Task.sleep(for: .milliseconds(300))
            let sent = Deadline.now
            #expect(write(far, "a", 1) == 1)
            while told.heardAt.value ?? sent <= sent, sent.duration(to: .now) < .seconds(5) {
                try await Task.sleep(for: .milliseconds(2))
            }
            #expect(try #require(told.heardAt.value) > sent)
        }
    }

    @Test func `gives whoever waits for another turn one, however often it asked`() async throws {
        try await withTold { loop, socket, told, _ in
            for _ in 0..<10 { await loop.turn() }
            let before = told.changes.value
            await loop.turn {
                for _ in 0..<3 { socket.postpone() }
            }
            for _ in 0..<10 { await loop.turn() }
            #expect(told.changes.value == before + 1)
        }
    }

    /// A socket of the loop that somebody is told of, and the descriptor at its other end.
    private func withTold(_ body: (EventLoop, Socket, Told, Int32) async throws -> Void) async throws {
        try await withLoops(1) { loops in
            let loop = loops.next()
            var ends: [Int32] = [0, 0]
            #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends) == 0)
            defer { close(ends[1]) }
            let socket = Socket(AcceptedSocket(ends[0], peer: .unix(path: "")), on: loop)
            let told = Told(on: loop)
            await loop.turn { socket.start(told) }
            try await body(loop, socket, told, ends[1])
            await loop.turn { socket.closeNow() }
        }
    }

    @Test func `shut down ends every wait`() async throws {
        let loops = try EventLoops(count: 2)
        let (near, far) = try await pair(.ipv4, on: loops)
        let loop = loops.next()
        async let sleeping: Void = loop.sleep(until: .now + .seconds(60))
        // Closed by its own loop, or at its end because the other's has closed the other end before.
        async let read = {
            var buffer: [UInt8] = []
            return (try? await far.read(into: &buffer, atMost: 1, until: nil)) ?? 0
        }()
        try await Task.sleep(for: .milliseconds(10))
        await loops.shutDown()
        await sleeping
        #expect(await read == 0)
        await #expect(throws: SocketFailed.closed) { try await near.write([1], until: nil) }
        await #expect(throws: SocketFailed.closed) {
            try await SocketStream.connect(to: near.peer, on: loop, until: nil)
        }
    }
}

extension EventLoop {
    /// Runs `body` on the loop, after all that was asked of it before.
    fileprivate func turn(_ body: @escaping () -> Void = {}) async {
        // Nobody else touches what it captures meanwhile: the caller waits.
        nonisolated(unsafe) let body = body
        await Task(executorPreference: self) { body() }.value
    }
}
