/// What brings a finished letter to a mail provider, and what the provider's answer means for the letter.
package protocol Carrier: Sendable {
    /// Brings one letter away. Ends within `attemptLimit`, also without an answer: a lease outlives an attempt, so no second worker
    /// carries the same letter meanwhile.
    func carry(_ letter: Letter) async -> Verdict

    /// How long one attempt takes at most: ``DeliveryOptions/attemptLimit``, unless the carrier says otherwise.
    var attemptLimit: Duration { get }
}

extension Carrier {
    package var attemptLimit: Duration { DeliveryOptions.attemptLimit }
}

/// What became of one attempt. Reasons are at most 512 bytes, without addresses, tokens or keys.
package enum Verdict: Sendable, Equatable {
    case delivered(messageID: String?)
    /// Not now: `after` where the provider said when; `pausesEverybody` for 429.
    case later(after: Duration?, reason: String, pausesEverybody: Bool)
    /// Not all of the letter was handed over. For the letter this is `later`; several in a row stop the sending until a probe comes through.
    case unreachable(reason: String)
    /// All of the letter was handed over and no answer came: it may be on its way. For the sending this is `unreachable`.
    case answerLost(reason: String)
    /// The letter's fault: kept as failed.
    case never(reason: String)
    /// Not the letter's fault (401, 403, 404, 405, redirects): stop the sending until a probe succeeds.
    case stop(reason: String)
}

/// Whom letters come from.
package struct Sender: Sendable, Equatable {
    package let email: String
    /// May be empty.
    package let name: String
    package init(email: String, name: String) {
        self.email = email
        self.name = name
    }
}
