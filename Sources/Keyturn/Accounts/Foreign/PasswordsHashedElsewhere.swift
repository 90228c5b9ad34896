package import PasswordHashing

/// Accounts of an app that hashes new passwords itself: it gets the password, judged by our policy, over a connection of its own.
package protocol PasswordsHashedElsewhere: Accounts {
    /// Whether it does; else it takes hashes of ours.
    var hashesPasswords: Bool { get }
    /// Sets a new password, once for one set of credentials; the "password changed" message is recorded with it.
    /// - Parameter language: what that message is written in.
    /// - Returns: whether the credentials still were those given.
    func set(_ password: Password, for old: Credentials, tellingIn language: String?, at now: Timestamp)
        async throws(PasswordNotSet) -> Bool
}

/// Why an app did not set a password. The link is still good.
package enum PasswordNotSet: Error, Equatable {
    /// The app's own rules refuse it, in its own words.
    case rejected([RejectedByApp])
    case storage(StorageFailed)
}

/// One reason of the app's.
package struct RejectedByApp: Sendable, Equatable {
    /// `[a-z0-9_]`, at most 64 bytes.
    package let code: String
    /// For the person who types; at most 300 characters, without control characters.
    package let detail: String

    package init(code: String, detail: String) {
        self.code = code
        self.detail = detail
    }
}
