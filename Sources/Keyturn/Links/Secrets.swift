/// The server's secrets, newest first: the first signs, all verify. At least one, each at least 32 bytes. Never printed.
package struct Secrets: Sendable, CustomStringConvertible {
    /// RFC 7518 §3.2: a key of HS256 is at least as long as its hash.
    package static let minimumBytes = 32

    package let keys: [[UInt8]]

    /// - Returns: nil where there is none, or one is shorter than ``minimumBytes``.
    package init?(_ keys: [[UInt8]]) {
        guard !keys.isEmpty, keys.allSatisfy({ $0.count >= Self.minimumBytes }) else { return nil }
        self.keys = keys
    }

    /// The one that signs.
    var newest: [UInt8] { keys[0] }

    package var description: String { "Secrets(…)" }
}
