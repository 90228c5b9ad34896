import Keyturn
import Logging
import ServiceLifecycle
import Telemetry

/// What becomes of messages to the app if webhooks were switched off while some waited: nothing sends them, so they are dropped at the age
/// at which their delivery would have been given up, and the operator is told.
struct WebhooksOff: ServiceLifecycle.Service {
    private static let interval: Duration = .seconds(3600)

    let webhooks: any Webhooks
    let clock: WallClock
    let maximumAge: Duration
    let log: Log

    func run() async {
        if let depth = try? await webhooks.depth(), depth.pending + depth.leased > 0 {
            log.warning(
                "webhooks are off, and messages wait",
                metadata: ["count": "\(depth.pending + depth.leased)", "dropped_after": "\(Units.text(maximumAge))"])
        }
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await drop()
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    private func drop() async {
        do {
            let count = try await webhooks.dropUnsent(recordedBefore: clock.now() - maximumAge)
            if count > 0 {
                log.warning(
                    "webhook messages dropped", metadata: ["count": "\(count)", "reason": "webhooks.url is not set"])
            }
        } catch {
            log.error(
                "storage failed",
                metadata: ["doing": "dropping webhook messages", "code": "\(error.code)", "reason": "\(error.reason)"])
        }
    }
}
