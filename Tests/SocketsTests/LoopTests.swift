/// The threads, and what is left of them.
import Sockets
import Testing

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
            let began = ContinuousClock.now
            await withTaskGroup(of: Void.self) { group in
                for milliseconds in [60, 20, 40, -5] {
                    group.addTask(executorPreference: loop) {
                        await loop.sleep(until: began + .milliseconds(milliseconds))
                        order.change { $0.append(milliseconds) }
                    }
                }
            }
            #expect(order.value == [-5, 20, 40, 60])
            #expect(ContinuousClock.now - began >= .milliseconds(60))
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
