import HTTP
import Keyturn
import Telemetry
import Web

/// `GET /metrics`, for Prometheus.
final class Admin: Responder {
    private let metrics: Metrics
    private let outbox: any Outbox
    private let webhooks: any Webhooks
    private let pending: Gauge
    private let leased: Gauge
    private let failed: Gauge
    private let oldestSeconds: Gauge
    private let untold: Gauge
    private let untoldFailed: Gauge
    private let untoldSeconds: Gauge

    init(metrics: Metrics, outbox: any Outbox, webhooks: any Webhooks) {
        self.metrics = metrics
        self.outbox = outbox
        self.webhooks = webhooks
        let letters = {
            metrics.gauge("keyturn_outbox_letters", help: "Messages in the outbox, by state.", ("state", $0))
        }
        (pending, leased, failed) = (letters("pending"), letters("leased"), letters("failed"))
        let messages = {
            metrics.gauge("keyturn_webhooks", help: "Webhook messages, by state.", ("state", $0))
        }
        (untold, untoldFailed) = (messages("waiting"), messages("failed"))
        untoldSeconds = metrics.gauge(
            "keyturn_webhooks_oldest_seconds", help: "Age of the oldest queued webhook message, in seconds.")
        oldestSeconds = metrics.gauge(
            "keyturn_outbox_oldest_seconds", help: "Age of the oldest queued message, in seconds.")
    }

    func copyForLoop() -> Admin { self }

    func respond(to request: Request) async -> Response {
        guard request.path(is: "/metrics") else {
            return Web.refusal(
                .notFound, code: "not_found", detail: "There is nothing at this address. The metrics are at /metrics.")
        }
        guard request.method.isGetOrHead else {
            var refusal = Web.refusal(
                .methodNotAllowed, code: "method_not_allowed", detail: "Allowed methods: GET, HEAD.")
            refusal.add("Allow", "GET, HEAD")
            return refusal
        }
        await readOutbox()
        return Response(.ok, contentType: "text/plain; version=0.0.4; charset=utf-8", body: Array(metrics.text().utf8))
    }

    /// Counted when somebody asks, not with every letter. Where the store cannot say, the last numbers stay, and the counters of
    /// its failures grow.
    private func readOutbox() async {
        let now = WallClock.system.now()
        if let depth = try? await webhooks.depth() {
            untold.set(Int64(depth.pending + depth.leased))
            untoldFailed.set(Int64(depth.failed))
            untoldSeconds.set(depth.age(at: now))
        }
        guard let depth = try? await outbox.depth() else { return }
        pending.set(Int64(depth.pending))
        leased.set(Int64(depth.leased))
        failed.set(Int64(depth.failed))
        oldestSeconds.set(depth.age(at: now))
    }
}

extension OutboxDepth {
    /// Of the oldest, in seconds.
    fileprivate func age(at now: Timestamp) -> Int64 { oldest.map { max(0, now.seconds - $0.seconds) } ?? 0 }
}
