import HTTP
import HTTPClient
import Keyturn
import StrictJSON

/// What SendGrid answered, and what that means for the letter.
struct SendGridAnswer: Sendable {
    let status: Int
    var messageID: String?
    /// Seconds or a date (RFC 9110 §10.2.3).
    var retryAfter: String?
    /// Seconds since 1970.
    var rateLimitReset: String?
    var body: [UInt8] = []
    /// False where `body` is only the beginning of what was said.
    var isWhole = true

    func verdict(at now: Timestamp, words: ProviderWords) -> Verdict {
        ProviderAnswer(
            status: status, messageID: messageID, retryAfter: retryAfter, rateLimitReset: rateLimitReset,
            reason: reason(words)
        ).verdict(at: now)
    }

    private func reason(_ words: ProviderWords) -> String {
        let cut = isWhole ? nil : Self.message(atBeginningOf: body)
        let said = Self.errors(in: body) ?? cut ?? ProviderAnswer.plainText(of: body)
        return words.reason(said.isEmpty ? "\(status)" : "\(status): \(said)")
    }

    /// `{"errors": [{"message": …, "field": …, "help": …}]}`, any of them null; nil where the body is something else.
    private static func errors(in body: [UInt8]) -> String? {
        guard let errors = (try? JSON(parsing: body))?["errors"]?.arrayValue else { return nil }
        let sentences = errors.prefix(8).compactMap { error -> String? in
            guard let message = error["message"]?.stringValue else { return nil }
            return error["field"]?.stringValue.map { "\(message) (\($0))" } ?? message
        }
        return sentences.joined(separator: "; ")
    }

    /// The first message of a JSON text that is cut and so cannot be parsed, itself perhaps cut; its escapes are blanks. nil where there
    /// is none.
    private static func message(atBeginningOf body: [UInt8]) -> String? {
        let name = Array(#""message""#.utf8)
        guard body.first == 0x7B, let start = body.firstRange(of: name)?.upperBound else { return nil }
        let text = body[start...].drop { [0x20, 0x09, 0x0A, 0x0D, 0x3A].contains($0) }
        guard text.first == 0x22 else { return nil }
        var message: [UInt8] = []
        var isEscaped = false
        for byte in text.dropFirst().prefix(2048) {
            if byte == 0x22, !isEscaped { break }
            message.append(isEscaped || byte == 0x5C ? 0x20 : byte)
            isEscaped = !isEscaped && byte == 0x5C
        }
        return String(decoding: message, as: UTF8.self)
    }
}

extension SendGridAnswer {
    init(_ response: ClientResponse) {
        self.init(
            status: response.status.code, messageID: response["X-Message-Id"], retryAfter: response["Retry-After"],
            rateLimitReset: response["X-RateLimit-Reset"], body: response.body, isWhole: response.isWhole)
    }
}
