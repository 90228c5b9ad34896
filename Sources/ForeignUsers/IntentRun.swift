package import Keyturn

/// What came of a conditional change in the app's database.
package enum SwapOutcome: Sendable, Equatable {
    /// - Parameter holds: the digest of what the account holds now; nil if unknown.
    case changed(holds: [UInt8]?)
    /// The account holds something else, or may not reset: nothing was changed.
    case notChanged
    /// Nothing was changed, and will not be.
    case failed(StorageFailed)
    /// It may be changed, now or in a moment.
    case unknown(StorageFailed)
}

/// What an account holds, seen from an intent.
package enum Seen: Sendable, Equatable {
    /// What it held when the intent began.
    case before
    /// The intent's new hash.
    case after
    /// What the last reset here left.
    case settledBefore
    /// - Parameter holds: the digest of it.
    case other(holds: [UInt8])
    /// There is no such account.
    case gone
}

/// One change of one foreign account, step by step. Decides each step from what the last one came to, and touches nothing itself, so that
/// it can be tried with every order of events.
///
/// Our store and the app's database cannot commit together. So an intent is written to ours first and locks the account; then the app's
/// is changed, if the account still holds what the link was signed with; then the intent ends together with all that follows from the
/// change. After a crash the account itself says what became of the change (``ending(of:seeing:)``).
package struct IntentRun: Sendable {
    package enum Step: Sendable, Equatable {
        /// Write the intent.
        case begin
        /// Another process left this one: end it.
        case recover(Intent)
        /// Another change of the account is under way.
        case wait
        /// Change the app's database.
        case swap
        /// Read what the account holds.
        case look
        case end(IntentEnding)
        /// - Parameter Bool: whether the change was made.
        case done(Bool)
        case failed(StorageFailed)
    }

    package let intent: Intent
    package private(set) var step: Step = .begin
    /// Until then a lock is waited for.
    private let patience: Timestamp
    private var failure: StorageFailed?
    private var isChanged = false

    static let locked = StorageFailed(.unavailable, reason: "another change of the account is under way")
    static let overtaken = StorageFailed(.unavailable, reason: "the change took too long and was undone")

    package init(_ intent: Intent, patience: Timestamp) {
        self.intent = intent
        self.patience = patience
    }

    package mutating func began(_ answer: IntentBegun, at now: Timestamp) {
        switch answer {
        case .begun: step = intent.kind == .reset ? .swap : .look
        case .stale: step = .done(false)
        case .locked(let other):
            if other.deadline <= now {
                step = .recover(other)
            } else {
                step = now < patience ? .wait : .failed(Self.locked)
            }
        }
    }

    /// The lock may be free now.
    package mutating func beginAgain() { step = .begin }

    package mutating func swapped(_ outcome: SwapOutcome) {
        switch outcome {
        case .changed(let holds): change(holding: holds)
        case .notChanged: step = .end(.dropped)
        case .failed(let why):
            failure = why
            step = .end(.dropped)
        case .unknown(let why):
            failure = why
            step = .look
        }
    }

    package mutating func looked(_ seen: Seen) {
        switch (intent.kind, seen) {
        case (.revoke, .before):
            isChanged = true
            step = .end(.revoked)
        case (.revoke, _): step = .end(.dropped)
        case (.reset, .after):
            failure = nil
            change(holding: intent.after)
        // The app makes the hash itself, so what it holds now is not known beforehand. No other change is under way here.
        case (.reset, .other(let holds)) where intent.after == nil:
            failure = nil
            change(holding: holds)
        // The change may still come: the intent stays, and is ended after its deadline.
        case (.reset, _): step = .failed(failure ?? Self.overtaken)
        }
    }

    /// - Parameter isEnded: what ``ForeignRecords/end(_:as:with:at:)`` returned.
    package mutating func ended(_ isEnded: Bool) {
        if let failure {
            step = .failed(failure)
        } else if isChanged, !isEnded {
            step = .failed(Self.overtaken)
        } else {
            step = .done(isChanged)
        }
    }

    /// The store, or the app's database, could not be asked. What stands of the intent is ended after its deadline.
    package mutating func failed(_ why: StorageFailed) { step = .failed(why) }

    private mutating func change(holding digest: [UInt8]?) {
        isChanged = true
        step = .end(.changed(now: digest))
    }

    /// How an intent past its deadline ends, by what its account holds. Anything but what it held before means that the password was
    /// changed, by us or by the app since, and then the person is told; unless an earlier reset left it, and told already.
    package static func ending(of intent: Intent, seeing seen: Seen) -> IntentEnding {
        guard intent.kind == .reset else { return .dropped }
        return switch seen {
        case .before, .settledBefore, .gone: .dropped
        case .after: .foundChanged(now: intent.after)
        case .other(let holds): .foundChanged(now: holds)
        }
    }
}
