package import HTTPClient
package import Keyturn
package import Telemetry
import HTTP
import StrictJSON
import Synchronization

/// Hands letters to SendGrid: `POST {base}/v3/mail/send` of its v3 API.
package struct SendGrid: Carrier {
    /// The key cannot stand in a header: empty, or something other than printable ASCII in it.
    package struct APIKeyRefused: Error, Equatable {
        package init() {}
    }

    private let client: HTTPClient
    private let clock: WallClock
    private let options: SendGridOptions
    private let credentials: Credentials
    private let answers: AnswerCounters?

    /// - Parameter client: speaks to SendGrid's origin alone; its total limit must not exceed ``DeliveryOptions/attemptLimit``.
    /// - Parameter metrics: counts answers by class of status, where given.
    package init(client: HTTPClient, clock: WallClock, metrics: Metrics? = nil, options: SendGridOptions)
        throws(APIKeyRefused)
    {
        credentials = try Credentials(apiKey: options.apiKey)
        self.client = client
        self.clock = clock
        self.options = options
        answers = metrics.map { AnswerCounters($0) }
    }

    /// Mails from now on carry this key; what is under way goes on with the old one.
    /// - Returns: whether it is another one.
    /// - Throws: the old one stays.
    package func replace(apiKey: String) throws(APIKeyRefused) -> Bool { try credentials.replace(apiKey: apiKey) }

    package func carry(_ letter: Letter) async -> Verdict { await carry(Mail(letter)) }

    /// The narrow way out for an operator's own address (`mail test`).
    package func carry(_ letter: TestLetter) async -> Verdict { await carry(Mail(letter)) }

    private func carry(_ mail: Mail) async -> Verdict {
        let body = SendGridBody(mail, options: options).json.write()
        let (apiKey, words) = credentials.current
        let fields: [(FieldName, String)] = [
            ("Authorization", "Bearer \(apiKey)"), ("Content-Type", "application/json"), ("Accept", "application/json"),
        ]
        do {
            let response = try await client.send(.post, "/v3/mail/send", fields: fields, body: body)
            answers?.count(status: response.status.code)
            return SendGridAnswer(response).verdict(at: clock.now(), words: words)
        } catch {
            answers?.countSilence()
            let reason = words.reason("\(error.stage.rawValue): \(error.reason)")
            return error.wasWritten ? .answerLost(reason: reason) : .unreachable(reason: reason)
        }
    }

    /// A newline behind the key, from a file or a secret store, is the commonest mistake in setting this up.
    static func checked(_ apiKey: String) -> String? {
        let blanks: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
        let front = apiKey.utf8.drop { blanks.contains($0) }
        let length = front.reversed().drop { blanks.contains($0) }.count
        let bytes = front.prefix(length)
        guard !bytes.isEmpty, bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        return String(bytes)
    }
}

/// The key in use, and what hides it in the provider's words.
private final class Credentials: Sendable {
    typealias Current = (apiKey: String, words: ProviderWords)

    private let state: Mutex<Current>

    init(apiKey: String) throws(SendGrid.APIKeyRefused) { state = Mutex(try Self.checked(apiKey)) }

    var current: Current { state.withLock { $0 } }

    func replace(apiKey: String) throws(SendGrid.APIKeyRefused) -> Bool {
        let new = try Self.checked(apiKey)
        return state.withLock { state in
            defer { state = new }
            return state.apiKey != new.apiKey
        }
    }

    private static func checked(_ apiKey: String) throws(SendGrid.APIKeyRefused) -> Current {
        guard let apiKey = SendGrid.checked(apiKey) else { throw SendGrid.APIKeyRefused() }
        return (apiKey, ProviderWords(secrets: [apiKey]))
    }
}
