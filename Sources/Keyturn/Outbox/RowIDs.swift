/// The id of a row of the outbox: what an operator names, and what the mail provider is told as a custom argument.
package struct OutboxID: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let number: Int64
    package init(_ number: Int64) { self.number = number }

    package static func < (a: OutboxID, b: OutboxID) -> Bool { a.number < b.number }
    /// Decimal digits.
    package var description: String { String(number) }
}

/// The id of a row of the webhooks.
package struct WebhookRowID: Sendable, Hashable {
    package let number: Int64
    package init(_ number: Int64) { self.number = number }
}

/// Names one lease. An outcome is written only if the row still carries the token.
package struct LeaseToken: Sendable, Hashable {
    package let text: String
    package init(_ text: String) { self.text = text }

    /// 128 random bits: no two leases have the same.
    package static func random() -> LeaseToken { LeaseToken(randomName()) }

    /// 128 random bits in digits, letters and a hyphen.
    package static func randomName() -> String {
        String(UInt64.random(in: .min ... .max), radix: 36) + "-" + String(UInt64.random(in: .min ... .max), radix: 36)
    }
}
