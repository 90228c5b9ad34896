package import HTTPClient
package import Keyturn
package import Telemetry
import HTTP
import StrictJSON
import Synchronization

/// Hands letters to a receiver of the operator's, which brings them to any provider: one POST a mail, signed by the scheme of Standard
/// Webhooks. Its answers mean what SendGrid's mean (`ProviderAnswer`); `X-Message-Id` of an answer is kept.
package struct Hook: Carrier {
    private let client: HTTPClient
    private let clock: WallClock
    private let options: HookOptions
    private let secrets: CurrentSecrets
    private let answers: AnswerCounters?
    private let words = ProviderWords(secrets: [])

    /// - Parameter client: speaks to the receiver's origin alone, for at most ``HookOptions/attemptLimit``.
    /// - Parameter metrics: counts answers by class of status, where given.
    package init(client: HTTPClient, clock: WallClock, metrics: Metrics? = nil, options: HookOptions) {
        self.client = client
        self.clock = clock
        self.options = options
        secrets = CurrentSecrets(options.secrets)
        answers = metrics.map { AnswerCounters($0) }
    }

    /// Mails from now on are signed with these.
    /// - Returns: whether they are others.
    package func replace(secrets new: WebhookSecrets) -> Bool { secrets.replace(new) }

    package func carry(_ letter: Letter) async -> Verdict { await carry(Mail(letter)) }

    /// The narrow way out for an operator's own address (`mail test`).
    package func carry(_ letter: TestLetter) async -> Verdict { await carry(Mail(letter)) }

    private func carry(_ mail: Mail) async -> Verdict {
        let body = HookBody(mail, from: options.from).json.write()
        let seconds = clock.now().seconds
        let fields: [(FieldName, String)] = [
            ("Content-Type", "application/json"), ("Accept", "application/json"), ("webhook-id", mail.id),
            ("webhook-timestamp", String(seconds)),
            ("webhook-signature", secrets.current.signature(id: mail.id, seconds: seconds, body: body)),
        ]
        do {
            let response = try await client.send(.post, options.path, fields: fields, body: body)
            answers?.count(status: response.status.code)
            return verdict(of: response)
        } catch {
            answers?.countSilence()
            let reason = words.reason("\(error.stage.rawValue): \(error.reason)")
            return error.wasWritten ? .answerLost(reason: reason) : .unreachable(reason: reason)
        }
    }

    private func verdict(of response: ClientResponse) -> Verdict {
        let said = ProviderAnswer.plainText(of: response.body)
        let status = response.status.code
        return ProviderAnswer(
            status: status, messageID: response["X-Message-Id"], retryAfter: response["Retry-After"],
            rateLimitReset: nil, reason: words.reason(said.isEmpty ? "\(status)" : "\(status): \(said)")
        ).verdict(at: clock.now())
    }

    private final class CurrentSecrets: Sendable {
        private let state: Mutex<WebhookSecrets>
        init(_ secrets: WebhookSecrets) { state = Mutex(secrets) }
        var current: WebhookSecrets { state.withLock { $0 } }

        func replace(_ new: WebhookSecrets) -> Bool {
            state.withLock { state in
                defer { state = new }
                return state != new
            }
        }
    }
}
