/// Rows taken for delivery: ours until `expiresAt`, then pending again. Pending rows of one address are one lease and one
/// letter.
package struct Lease: Sendable, Equatable {
    /// The newest row's id: what operators and custom args name.
    package let id: Int64
    /// Random; an outcome is written only where the rows still carry it.
    package let token: String
    package let letter: PromisedLetter
    /// How many attempts failed before this one.
    package let attempts: Int
    /// When the oldest of the rows was recorded.
    package let recordedAt: Timestamp
    package let expiresAt: Timestamp
    /// How many attempts handed the whole letter over and got no answer; the most of any of the rows.
    package let lostAnswers: Int
    /// When the rows' age begins: when the oldest was recorded, or the last time since then that the provider refused the key or the sender.
    package let agesFrom: Timestamp

    package init(
        id: Int64, token: String, letter: PromisedLetter, attempts: Int, recordedAt: Timestamp, expiresAt: Timestamp,
        lostAnswers: Int = 0, refusedAt: Timestamp? = nil
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
