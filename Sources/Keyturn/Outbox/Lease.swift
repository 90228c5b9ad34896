/// A row of the outbox that was taken for delivery: ours until `expiresAt`, then pending again. An address has one row, however often
/// a link was asked for.
package struct Lease: Sendable, Equatable {
    package let id: OutboxID
    package let token: LeaseToken
    package let letter: PromisedMessage
    /// How many attempts failed before this one.
    package let attempts: Int
    /// When the oldest of the address's requests was recorded.
    package let recordedAt: Timestamp
    package let expiresAt: Timestamp
    /// How many attempts handed the whole message over and got no answer.
    package let lostAnswers: Int
    /// When the message's age begins: when it was recorded, or the last time since then that the provider refused the key or the sender.
    package let agesFrom: Timestamp

    package init(
        id: OutboxID, token: LeaseToken, letter: PromisedMessage, attempts: Int, recordedAt: Timestamp,
        expiresAt: Timestamp, lostAnswers: Int = 0, refusedAt: Timestamp? = nil
    ) {
        self.id = id
        self.token = token
        self.letter = letter
        self.attempts = attempts
        self.recordedAt = recordedAt
        self.expiresAt = expiresAt
        self.lostAnswers = lostAnswers
        agesFrom = max(recordedAt, refusedAt ?? recordedAt)
    }
}
