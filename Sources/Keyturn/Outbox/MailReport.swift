/// What a mail provider tells later about a letter that it had taken.
package struct MailReport: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// The mailbox, or its server, did not want it.
        case bounced
        /// The provider did not try.
        case dropped
        /// Not now; the provider tries again.
        case deferred
    }

    /// The provider's name for this report, at most ``idBytesMax`` bytes: it may say the same twice.
    package let id: String
    package let kind: Kind
    package let at: Timestamp
    /// Which message: ``Lease/id``.
    package let outboxID: OutboxID
    /// Begins with the message id the letter was taken under.
    package let messageID: String
    /// At most 512 bytes, without addresses.
    package let reason: String

    package static let idBytesMax = 128

    package init(id: String, kind: Kind, at: Timestamp, outboxID: OutboxID, messageID: String, reason: String) {
        self.id = id
        self.kind = kind
        self.at = at
        self.outboxID = outboxID
        self.messageID = messageID
        self.reason = reason
    }
}

/// A report that was kept, and whose letter it is about.
package struct KeptReport: Sendable, Equatable {
    package let report: MailReport
    /// nil where no such letter was written down as delivered (yet).
    package let user: UserID?
    package init(_ report: MailReport, of user: UserID?) {
        self.report = report
        self.user = user
    }
}

/// Takes what the provider posts about letters.
package protocol MailReports: Sendable {
    /// Why ``receive(_:signature:timestamp:at:)`` would refuse any body with these, as far as they tell without one; nil: it may be good.
    func refusal(signature: String?, timestamp: String?, at now: Timestamp) -> ReportsRefused?
    /// Returns when the reports in it are on disk; those that were there already, and what is of no interest, change nothing.
    /// - Parameter body: as it came, byte for byte.
    /// - Parameter signature: over `timestamp` and `body`, in the provider's own spelling; nil where there was none.
    /// - Parameter timestamp: in the provider's own spelling; nil where there was none.
    func receive(
        _ body: [UInt8], signature: String?, timestamp: String?, at now: Timestamp
    ) async throws(ReportsRefused)
}

/// Why nothing of what was posted was believed.
package enum ReportsRefused: Error, Equatable {
    /// Missing, malformed, or not the provider's.
    case signature
    /// Signed too long ago, or in the future.
    case stale
    /// Signed, and not what the provider's documentation says.
    case malformed
    case storage(StorageFailed)
}
