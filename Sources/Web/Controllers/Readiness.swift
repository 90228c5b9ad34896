import HTTP
import Synchronization

/// Asks every check at once and gives each a bounded time. The visitor is told names; why a check fails stands in the log.
struct Readiness: GetController {
    private let checks: [BoundedCheck]
    private let ready = Response(.ok, contentType: "application/json", body: Array(#"{"status":"ready"}"#.utf8))

    init(_ checks: [Web.Check], deadline: Duration) {
        self.checks = checks.map { BoundedCheck($0, deadline: deadline) }
    }

    func get(_ visit: Visit) async throws(Problem) -> Response {
        let failing = await failing()
        guard failing.isEmpty else { throw .unready(failing) }
        return ready
    }

    private func failing() async -> [(name: String, problem: String)] {
        await withTaskGroup(of: (place: Int, problem: String?).self) { group in
            for (place, check) in checks.enumerated() {
                group.addTask { (place, await check.problem()) }
            }
            var problems = [String?](repeating: nil, count: checks.count)
            for await answer in group { problems[answer.place] = answer.problem }
            return zip(checks, problems).compactMap { check, problem in problem.map { (check.name, $0) } }
        }
    }
}

/// A check that always answers in time, whatever it waits for.
private final class BoundedCheck: Sendable {
    /// How many askings may hang at once; beyond, the check has failed without being asked again.
    private static let askedMax = 8

    private let check: Web.Check
    private let deadline: Duration
    private let asked = Atomic<Int>(0)

    init(_ check: Web.Check, deadline: Duration) {
        self.check = check
        self.deadline = deadline
    }

    var name: String { check.name }

    /// The first of the check and the clock. Not a task group's work: a group waits for its slowest, and a check that hangs may not heed
    /// its cancellation.
    func problem() async -> String? {
        guard asked.wrappingAdd(1, ordering: .relaxed).newValue <= Self.askedMax else {
            asked.wrappingSubtract(1, ordering: .relaxed)
            return "still no answer to earlier questions"
        }
        let (answers, answer) = AsyncStream.makeStream(of: String?.self, bufferingPolicy: .bufferingOldest(1))
        let asking = Task {
            answer.yield(await check.problem())
            asked.wrappingSubtract(1, ordering: .relaxed)
        }
        let waiting = Task {
            try? await Task.sleep(for: deadline)
            answer.yield("no answer within \(deadline)")
        }
        defer {
            asking.cancel()
            waiting.cancel()
        }
        for await problem in answers { return problem }
        return "the question was withdrawn"
    }
}
