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
    /// When the oldest of the rows was recorded: what `outbox.maximumAge` counts from.
    package let recordedAt: Timestamp
    package let expiresAt: Timestamp

    package init(
        id: Int64, token: String, letter: PromisedLetter, attempts: Int, recordedAt: Timestamp, expiresAt: Timestamp
    ) {
        self.id = id
        self.token = token
        self.letter = letter
        self.attempts = attempts
        self.recordedAt = recordedAt
        self.expiresAt = expiresAt
    }
}
