import HTTP
import Keyturn
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

    @Test func `is forgotten after two minutes`() async throws {
        let desk = try Desk()
        let body = form(desk, key: SubmissionKey.random().text)
        #expect(await desk.post("/reset-password", form: body).status == .seeOther)
        desk.clock.advance(by: .seconds(121))
        #expect(await desk.post("/reset-password", form: body).status == .badRequest)
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
            await submissions.join(key, path: "/p", body: [1], at: .noon) {
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

    @Test func `takes bounded memory: the oldest answer goes first`() async throws {
        let submissions = Submissions(capacity: 2), runs = Counter()
        let keys = (0..<3).map { _ in SubmissionKey.random() }
        func click(_ key: SubmissionKey) async {
            _ = await submissions.join(key, path: "/p", body: [], at: .noon) {
                runs.add()
                return Reply(Response(.ok))
            }
        }
        for key in keys { await click(key) }
        await click(keys[2])
        await click(keys[1])
        #expect(runs.current == 3)
        await click(keys[0])
        #expect(runs.current == 4)
    }
}
