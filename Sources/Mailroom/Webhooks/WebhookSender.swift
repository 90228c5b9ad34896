package import HTTPClient
package import Keyturn
import HTTP
import StrictJSON

/// Posts one message to the app, signed by the scheme of Standard Webhooks. Never follows a redirect: what is signed for one place
/// reaches no other.
package struct WebhookSender: Sendable {
    /// What the app answered, as far as it matters.
    package enum Answer: Sendable, Equatable {
        case taken
        /// 410: it wants to hear of this no more, and no other attempt is made.
        case gone
        /// Another status, or none: reasons hold no word of the app's.
        case refused(reason: String)
        case unreachable(reason: String)
    }

    private let client: HTTPClient
    private let path: String
    private let secrets: WebhookSecrets
    private let clock: WallClock

    /// - Parameter client: speaks to the app's server alone.
    /// - Parameter path: with the query, percent-encoded.
    package init(client: HTTPClient, path: String, secrets: WebhookSecrets, clock: WallClock) {
        self.client = client
        self.path = path
        self.secrets = secrets
        self.clock = clock
    }

    /// - Parameter user: the account as it is now; nil if it is gone.
    package func send(_ webhook: Webhook, about user: User?) async -> Answer {
        await post(id: webhook.id, body: Self.body(of: webhook, about: user))
    }

    /// For an operator's check: an event named `test`, about no account.
    package func sendTest(id: String) async -> Answer {
        await post(id: id, body: Self.body(type: "test", at: clock.now(), data: []))
    }

    private func post(id: String, body: [UInt8]) async -> Answer {
        let seconds = clock.now().seconds
        let fields: [(FieldName, String)] = [
            ("Content-Type", "application/json"), ("Accept", "application/json"),
            ("webhook-id", id), ("webhook-timestamp", String(seconds)),
            ("webhook-signature", secrets.signature(id: id, seconds: seconds, body: body)),
        ]
        do {
            let status = try await client.send(.post, path, fields: fields, body: body).status.code
            return switch status {
            case 200...299: .taken
            case 410: .gone
            case 300...399: .refused(reason: "\(status): a redirect, which is not followed")
            default: .refused(reason: "\(status)")
            }
        } catch {
            return .unreachable(reason: "\(error.stage.rawValue): \(error.reason)")
        }
    }

    /// `{"type": …, "timestamp": …, "data": {"user_id": …, "external_id": …, "email": …, "cause": …}}`; the cause only if there is one.
    static func body(of webhook: Webhook, about user: User?) -> [UInt8] {
        var data = [
            JSON.Member("user_id", .string(webhook.user.text)),
            JSON.Member("external_id", user?.externalID.map { .string($0.text) } ?? .null),
            JSON.Member("email", user.map { .string($0.email.text) } ?? .null),
        ]
        if let cause = webhook.cause { data.append(JSON.Member("cause", .string(cause))) }
        return body(type: webhook.event.rawValue, at: webhook.at, data: data)
    }

    private static func body(type: String, at moment: Timestamp, data: [JSON.Member]) -> [UInt8] {
        JSON.members(
            ("type", .string(type)), ("timestamp", .string(RFC3339.format(moment))), ("data", .object(data))
        ).write()
    }
}
