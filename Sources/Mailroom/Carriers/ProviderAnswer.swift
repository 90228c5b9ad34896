import HTTP
import Keyturn

/// What a provider that is spoken to by HTTP answered, and what that means for the letter: the same rules for each of them.
struct ProviderAnswer: Sendable {
    let status: Int
    var messageID: String?
    /// Seconds or a date (RFC 9110 §10.2.3).
    var retryAfter: String?
    /// Seconds since 1970.
    var rateLimitReset: String?
    /// What it said about it, made fit for a log.
    let reason: String

    /// The longest a provider can make us wait: one that says "tomorrow" is asked again before.
    static let waitMax: Duration = .seconds(600)

    func verdict(at now: Timestamp) -> Verdict {
        switch status {
        // 202 as documented, 200 in sandbox mode; another 2xx was taken as well, and sending again would be mailing twice.
        case 200...299: .delivered(messageID: keptMessageID)
        // 402 and 407 (a proxy in between) are no more the letter's fault than those the API documents.
        case 300...399, 401, 402, 403, 404, 405, 407: .stop(reason: reason)
        case 400, 413, 415, 422: .never(reason: reason)
        case 429: .later(after: wait(at: now), reason: reason, pausesEverybody: true)
        // 408 and 5xx, and whatever the API does not document: a mail is better late than dropped.
        default: .later(after: wait(at: now), reason: reason, pausesEverybody: false)
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

    /// Bare text, or a proxy's HTML without its tags; the first 2 KiB.
    static func plainText(of body: [UInt8]) -> String {
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
