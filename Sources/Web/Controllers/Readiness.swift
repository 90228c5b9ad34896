import HTTP
import Keyturn
import Logging
import Synchronization
import Telemetry

/// Reports what the checks last came to. The client is told names; why a check fails stands in the log, once for each change, however many
/// ask.
final class Readiness: GetController {
    private let checks: [ReadinessCheck]
    private let log: Log
    private let ready = Response(.ok, contentType: "application/json", body: Array(#"{"status":"ready"}"#.utf8))
    /// The names of the checks that failed at the last request.
    private let failingLast = Mutex<[String]>([])

    init(_ checks: [ReadinessCheck], log: Log) {
        self.checks = checks
        self.log = log
    }

    func get(_ visit: Visit) async throws(Problem) -> Response {
        // Read and compared in one step, so that of two requests at once none reports an older state than the one before.
        let (failing, isChange) = failingLast.withLock { last in
            let failing = checks.compactMap { check in check.problem().map { (name: check.name, problem: $0) } }
            let names = failing.map(\.name)
            defer { last = names }
            return (failing, names != last)
        }
        if isChange { tell(failing) }
        guard failing.isEmpty else { throw .unready(failing) }
        return ready
    }

    private func tell(_ failing: [(name: String, problem: String)]) {
        guard !failing.isEmpty else { return log.notice("ready again") }
        log.warning(
            "not ready",
            metadata: [
                "failing": "\(failing.map(\.name).joined(separator: ", "))", "cause": "\(Problem.causes(of: failing))",
            ])
    }
}
