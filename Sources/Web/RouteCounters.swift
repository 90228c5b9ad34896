import HTTP
import Telemetry

/// How often a route was answered, with which status, and how long it took. All made at the start: counting is an addition.
// A class: whoever counts would copy a struct, with a reference counted for each of its members.
final class RouteCounters: Sendable {
    /// The statuses this room and the server answer with; any other counts as `other`.
    static let statuses = [
        200, 202, 204, 302, 303, 304, 308, 400, 401, 403, 404, 405, 408, 410, 412, 413, 414, 415, 417, 421, 422, 429,
        431, 500, 501, 503, 505,
    ]

    private let byStatus: [Counter]
    private let other: Counter
    private let seconds: Histogram

    init(of route: String, in metrics: Metrics) {
        let (name, help) = ("keyturn_http_requests_total", "Requests answered.")
        byStatus = Self.statuses.map { metrics.counter(name, help: help, ("route", route), ("status", "\($0)")) }
        other = metrics.counter(name, help: help, ("route", route), ("status", "other"))
        seconds = metrics.histogram(
            "keyturn_http_request_seconds", help: "How long responses took, by route.", ("route", route))
    }

    func count(_ status: Status, after duration: Duration) {
        let counter = Self.statuses.firstIndex(of: status.code).map { byStatus[$0] } ?? other
        counter.add()
        seconds.observe(duration)
    }
}
