import HTTP
import Keyturn
import Telemetry

/// `GET /metrics`, for Prometheus.
struct Admin: Responder {
    let metrics: Metrics
    let outbox: any Outbox

    func respond(to request: Request) async -> Response {
        guard request.path(is: "/metrics") else { return Response(.notFound, contentType: "text/plain") }
        guard request.method == .get || request.method == .head else {
            var refusal = Response(.methodNotAllowed, contentType: "text/plain")
            refusal.add("Allow", "GET, HEAD")
            return refusal
        }
        await readOutbox()
        return Response(.ok, contentType: "text/plain; version=0.0.4; charset=utf-8", body: Array(metrics.text().utf8))
    }

    /// Counted when somebody asks, not with every letter. Where the store cannot say, the last numbers stay, and the counters of
    /// its failures grow.
    private func readOutbox() async {
        guard let depth = try? await outbox.depth() else { return }
        for (state, count) in [("pending", depth.pending), ("leased", depth.leased), ("failed", depth.failed)] {
            metrics.gauge("keyturn_outbox_letters", help: "Letters in the outbox, by state.", ("state", state))
                .set(Int64(count))
        }
        let age = depth.oldest.map { max(0, WallClock.system.now().seconds - $0.seconds) } ?? 0
        metrics.gauge("keyturn_outbox_oldest_seconds", help: "Age of the oldest letter that waits or is under way.")
            .set(age)
    }
}
