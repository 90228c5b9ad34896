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

    /// The longest a provider can make us wait: whoever says "tomorrow" is asked again before.
    static let waitMax: Duration = .seconds(600)

    func verdict(at now: Timestamp, words: ProviderWords) -> Verdict {
        switch status {
        // 202 as documented, 200 in sandbox mode; another 2xx was taken as well, and sending again would be mailing twice.
        case 200...299: .delivered(messageID: keptMessageID)
        // 402 and 407 (a proxy in between) are no more the letter's fault than those the API documents.
        case 300...399, 401, 402, 403, 404, 405, 407: .stop(reason: reason(words))
        case 400, 413, 415, 422: .never(reason: reason(words))
        case 429: .later(after: wait(at: now), reason: reason(words), pausesEverybody: true)
        // 408 and 5xx, and whatever the API does not document: a mail is better late than dropped.
        default: .later(after: wait(at: now), reason: reason(words), pausesEverybody: false)
        }
    }

    /// An id worth keeping: printable ASCII, at most 128 bytes.
    private var keptMessageID: String? {
        guard let messageID, (1...128).contains(messageID.utf8.count),
            messageID.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        return messageID
    }

    /// The first field that makes sense, capped at ``waitMax``; nil where none does.
    private func wait(at now: Timestamp) -> Duration? {
        let seconds =
            retryAfter.flatMap { Self.digits($0) ?? Self.secondsUntil(HTTPDate.parse($0), from: now) }
            ?? rateLimitReset.flatMap { Self.secondsUntil(Self.digits($0), from: now) }
        guard let seconds, seconds > 0 else { return nil }
        return min(.seconds(min(seconds, 86_400)), Self.waitMax)
    }

    /// 1*DIGIT that fits; nil for anything else.
    private static func digits(_ text: String) -> Int64? {
        guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int64(text)
    }

    private static func secondsUntil(_ moment: Int64?, from now: Timestamp) -> Int64? {
        guard let moment else { return nil }
        let (seconds, overflow) = moment.subtractingReportingOverflow(now.seconds)
        return overflow ? nil : seconds
    }

    private func reason(_ words: ProviderWords) -> String {
        let cut = isWhole ? nil : Self.message(atBeginningOf: body)
        let said = Self.errors(in: body) ?? cut ?? Self.plainText(of: body)
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

    /// Bare text, or a proxy's HTML without its tags.
    private static func plainText(of body: [UInt8]) -> String {
        var isInTag = false
        var bytes: [UInt8] = []
        for byte in body.prefix(2048) {
            switch byte {
            case 0x3C: isInTag = true
            case 0x3E where isInTag:
                isInTag = false
                bytes.append(0x20)
            default: if !isInTag { bytes.append(byte) }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension SendGridAnswer {
    init(_ response: ClientResponse) {
        self.init(
            status: response.status.code, messageID: response["X-Message-Id"], retryAfter: response["Retry-After"],
            rateLimitReset: response["X-RateLimit-Reset"], body: response.body, isWhole: response.isWhole)
    }
}
