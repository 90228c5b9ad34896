/// What somebody typed as a password, already checked and normalised by the policy. Never printed.
package struct Password: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// What is hashed.
    package let bytes: [UInt8]
    /// The bytes that came, where normalising changed them: the frameworks whose hashes are imported do not normalise.
    let typed: [UInt8]?

    package init(_ bytes: [UInt8], typed: [UInt8]? = nil) {
        self.bytes = bytes
        self.typed = typed == bytes ? nil : typed
    }

    /// As it came, where that is not what is hashed.
    var asTyped: Password? { typed.map { Password($0) } }

    package var description: String { "Password(…)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
