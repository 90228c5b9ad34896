import HTTP
import Keyturn
import Synchronization
import Telemetry
import Web

/// `GET /metrics`, for Prometheus, and the user API if there is a token for it.
final class Admin: Responder {
    private let page: MetricsPage
    private let userAPI: UserAPI?

    init(metrics: Metrics, outbox: any Outbox, webhooks: any Webhooks, userAPI: UserAPI?) {
        self.userAPI = userAPI
        let gauges = QueueGauges(in: metrics, outbox: outbox, webhooks: webhooks)
        page = MetricsPage(metrics) { await gauges.read() }
    }

    func copyForLoop() -> Admin { self }

    func refuseEarly(_ request: Request) -> Response? { userAPI?.refuseEarly(request) }

    func respond(to request: Request) async -> Response {
        if let response = await userAPI?.respond(to: request) { return response }
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
        return Response(.ok, contentType: "text/plain; version=0.0.4; charset=utf-8", body: await page.bytes())
    }

}

/// The numbers as text. Made off the event loops, for it counts descriptors and reads files of the kernel's, and once for all who ask
/// at the same time.
final class MetricsPage: Sendable {
    private let metrics: Metrics
    /// Brings gauges up to date that are read when asked for.
    private let read: @Sendable () async -> Void
    private let underWay = Mutex<Task<[UInt8], Never>?>(nil)

    init(_ metrics: Metrics, read: @escaping @Sendable () async -> Void) {
        self.metrics = metrics
        self.read = read
    }

    func bytes() async -> [UInt8] {
        let task = underWay.withLock { underWay in
            if let underWay { return underWay }
            // Detached, so that it does not run on the loop of the one who asks.
            let task = Task.detached { [self] in
                await read()
                let text = Array(metrics.text().utf8)
                self.underWay.withLock { $0 = nil }
                return text
            }
            underWay = task
            return task
        }
        return await task.value
    }
}

/// How much waits in the two queues.
private struct QueueGauges: Sendable {
    private let outbox: any Outbox
    private let webhooks: any Webhooks
    private let pending: Gauge
    private let leased: Gauge
    private let failed: Gauge
    private let oldestSeconds: Gauge
    private let untold: Gauge
    private let untoldFailed: Gauge
    private let untoldSeconds: Gauge

    init(in metrics: Metrics, outbox: any Outbox, webhooks: any Webhooks) {
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

    /// Counted when somebody asks, not with every letter. Where the store cannot say, the last numbers stay, and the counters of
    /// its failures grow.
    func read() async {
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

extension QueueDepth {
    /// Of the oldest, in seconds.
    fileprivate func age(at now: Timestamp) -> Int64 { oldest.map { max(0, now.seconds - $0.seconds) } ?? 0 }
}
