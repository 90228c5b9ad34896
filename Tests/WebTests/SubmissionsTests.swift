import HTTP
import Keyturn
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Web

@Suite struct `A double click` {
    private func form(_ desk: Desk, key: String, password: String = "a+quiet+lighthouse") -> String {
        "submission=\(key)&token=\(desk.link())&password=\(password)&confirm_password=\(password)"
    }

    @Test func `gets the first click's outcome`() async throws {
        let desk = try Desk()
        let key = try #require(await desk.get("/reset-password?token=\(desk.link())").hiddenValue("submission"))
        let body = form(desk, key: key)
        async let first = desk.post("/reset-password", form: body)
        async let second = desk.post("/reset-password", form: body)
        for answer in await [first, second] {
            #expect(answer.status == .seeOther)
            #expect(answer["Location"] == "/reset-password/done")
        }
        #expect(await desk.post("/reset-password", form: body).status == .seeOther)
        #expect(desk.store.letters == [.passwordChanged(User.ann.id)])
    }

    @Test func `is two forms where the body is another, or there is no key`() async throws {
        let desk = try Desk()
        let body = form(desk, key: SubmissionKey.random().text)
        #expect(await desk.post("/reset-password", form: body).status == .seeOther)
        #expect(await desk.post("/reset-password", form: body + "&more=1").status == .badRequest)
        for key in ["", "short", "AAAAAAAAAAAAAAAAAAAAAB", String(repeating: "A", count: 23)] {
            #expect(
                await desk.post("/forgot-password", form: "email=ann@example.com&submission=\(key)").status == .seeOther
            )
        }
        #expect(desk.store.letters.count == 5)
    }

    @Test func `is forgotten two minutes after the first by a timer, without another form`() async throws {
        let clock = Mutex(ContinuousClock.now), (ticks, tick) = AsyncStream.makeStream(of: Void.self)
        let submissions = Submissions(
            now: { clock.withLock { $0 } },
            sleep: { span in
                clock.withLock { $0 += span }
                for await _ in ticks { return }
            })
        let key = SubmissionKey.random(), runs = Counter()
        await click(submissions, key, answering: 303, bytes: 40, runs)
        await click(submissions, key, answering: 303, bytes: 40, runs)
        #expect(runs.current == 1)
        #expect(submissions.bytes > 0)
        tick.yield()
        while submissions.bytes > 0 { await Task.yield() }
        await click(submissions, key, answering: 303, bytes: 40, runs)
        #expect(runs.current == 2)
        tick.finish()
    }

    @Test(arguments: [-3600, 121]) func `gets the first click's outcome whatever happens to the wall clock`(
        seconds: Int64
    )
        async throws
    {
        let desk = try Desk()
        let body = form(desk, key: SubmissionKey.random().text)
        #expect(await desk.post("/reset-password", form: body).status == .seeOther)
        desk.clock.advance(by: .seconds(seconds))
        #expect(await desk.post("/reset-password", form: body).status == .seeOther)
    }

    @Test func `of a form that came too often is tried again`() async throws {
        let desk = try Desk(burst: 1)
        let first = "email=ann@example.com&submission=\(SubmissionKey.random().text)"
        let second = "email=ann@example.com&submission=\(SubmissionKey.random().text)"
        #expect(await desk.post("/forgot-password", form: first).status == .seeOther)
        #expect(await desk.post("/forgot-password", form: second).status == .tooManyRequests)
        desk.clock.advance(by: .seconds(60))
        #expect(await desk.post("/forgot-password", form: second).status == .seeOther)
    }

    @Test func `waits for the work that the first one began, and only so many wait`() async throws {
        let submissions = Submissions(), key = SubmissionKey.random(), runs = Counter()
        let (begun, begin) = AsyncStream.makeStream(of: Void.self), (gate, open) = AsyncStream.makeStream(of: Void.self)
        @Sendable func click() async -> Int {
            await submissions.join(key, path: "/p", body: [1]) {
                runs.add()
                begin.yield()
                for await _ in gate {}
                return Reply(Response(.ok))
            }.response.status.code
        }
        let statuses = await withTaskGroup(of: Int.self) { group in
            group.addTask { await click() }
            for await _ in begun { break }
            for _ in 0..<(Submissions.waitersMax + 2) { group.addTask { await click() } }
            var statuses: [Int] = []
            // Those too many answer while the first still works; then it may end.
            for await status in group {
                statuses.append(status)
                if statuses.count == 2 { open.finish() }
            }
            return statuses
        }
        #expect(statuses.count { $0 == 503 } == 2)
        #expect(statuses.count { $0 == 200 } == Submissions.waitersMax + 1)
        #expect(runs.current == 1)
    }

    /// - Parameter bytes: of the response's body.
    private func click(
        _ submissions: Submissions, _ key: SubmissionKey, answering status: Int, bytes: Int, _ runs: Counter
    ) async {
        _ = await submissions.join(key, path: "/p", body: [1]) {
            runs.add()
            return Reply(Response(Status(status), body: [UInt8](repeating: 0x61, count: bytes)))
        }
    }

    @Test func `takes so many bytes, whatever is answered: the oldest response goes first`() async throws {
        let submissions = Submissions(), runs = Counter(), keys = (0..<100).map { _ in SubmissionKey.random() }
        for key in keys {
            await click(submissions, key, answering: 200, bytes: 100_000, runs)
            #expect(submissions.bytes <= 4 * 1024 * 1024)
        }
        // About as many as there is room for are still known, and those are the newest.
        #expect(submissions.bytes > 3 * 1024 * 1024)
        await click(submissions, keys[99], answering: 200, bytes: 100_000, runs)
        await click(submissions, keys[70], answering: 200, bytes: 100_000, runs)
        #expect(runs.current == 100)
        await click(submissions, keys[0], answering: 200, bytes: 100_000, runs)
        #expect(runs.current == 101)
        await click(submissions, .random(), answering: 200, bytes: 5_000_000, runs)
        #expect(submissions.bytes <= 4 * 1024 * 1024)
    }

    @Test func `counts small responses for what they take besides their bytes`() async throws {
        let submissions = Submissions(bytesMax: 10 * Submissions.entryBytes), runs = Counter()
        let keys = (0..<20).map { _ in SubmissionKey.random() }
        for key in keys { await click(submissions, key, answering: 303, bytes: 0, runs) }
        await click(submissions, keys[9], answering: 303, bytes: 0, runs)
        #expect(runs.current == 21)
        await click(submissions, keys[19], answering: 303, bytes: 0, runs)
        #expect(runs.current == 21)
    }

    @Test(arguments: [400, 401, 410, 422, 429, 500, 503])
    func `of a refused form is worked on again, and nothing is kept of it`(status: Int) async throws {
        let submissions = Submissions(), runs = Counter(), key = SubmissionKey.random()
        for _ in 1...2 { await click(submissions, key, answering: status, bytes: 400_000, runs) }
        #expect(runs.current == 2)
        #expect(submissions.bytes == 0)
    }

    @Test func `goes its own way while forms that are worked on take all the room`() async throws {
        let submissions = Submissions(bytesMax: Submissions.entryBytes), runs = Counter()
        let (begun, begin) = AsyncStream.makeStream(of: Void.self), (gate, open) = AsyncStream.makeStream(of: Void.self)
        async let first: Void = {
            _ = await submissions.join(.random(), path: "/p", body: []) {
                begin.yield()
                for await _ in gate {}
                return Reply(Response(.ok))
            }
        }()
        for await _ in begun { break }
        await click(submissions, .random(), answering: 200, bytes: 10, runs)
        #expect(runs.current == 1)
        #expect(submissions.bytes == Submissions.entryBytes)
        open.finish()
        await first
    }
}
