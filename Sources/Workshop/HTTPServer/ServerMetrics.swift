/// What a server counts.
import Telemetry

// A class: a struct would be copied with every answer that is counted, reference by reference.
final class ServerMetrics: Sendable {
    private let connections: Counter
    private let open: Gauge
    private let requests: Counter
    private let acceptFailures: Counter
    private let refusals: [Refusal: Counter]
    private let closes: [CloseCause: Counter]

    init(_ metrics: Metrics) {
        connections = metrics.counter("http_connections_total", help: "Connections that were admitted.")
        open = metrics.gauge("http_connections_open", help: "Connections that are open.")
        requests = metrics.counter("http_requests_total", help: "Requests that were answered by the application.")
        acceptFailures = metrics.counter(
            "http_accept_failures_total", help: "Times that accepting paused for lack of descriptors or memory.")
        refusals = Dictionary(
            uniqueKeysWithValues: Refusal.allCases.map { refusal in
                let help = "Requests and connections that were refused, by reason."
                return (refusal, metrics.counter("http_refusals_total", help: help, ("reason", refusal.code)))
            })
        closes = Dictionary(
            uniqueKeysWithValues: CloseCause.allCases.map { cause in
                let help = "Admitted connections that were closed, by cause."
                return (cause, metrics.counter("http_connections_closed_total", help: help, ("cause", cause.rawValue)))
            })
    }

    func opened() {
        connections.add()
        open.add(1)
    }

    func isOpenNoMore() { open.add(-1) }
    func closed(_ cause: CloseCause) { closes[cause]?.add() }
    func answered(_ count: UInt64) { requests.add(count) }
    func acceptingRests() { acceptFailures.add() }
    func refused(_ refusal: Refusal) { refusals[refusal]?.add() }
}
