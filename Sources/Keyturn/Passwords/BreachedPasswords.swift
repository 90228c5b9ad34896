/// Passwords that were stolen somewhere, known by their SHA-1 alone. Where they lie is not this room's business.
package protocol BreachedPasswords: Sendable {
    /// - Parameter digest: 20 bytes. Passwords are digested as they were chosen, in NFC.
    /// - Returns: false also if the list cannot be read now: a broken disk must not refuse every password.
    func contains(_ digest: [UInt8]) -> Bool
}
