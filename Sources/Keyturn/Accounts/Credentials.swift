package import PasswordHashing

/// All that a link's key is derived from. A link is good as long as the stored ones are byte for byte these.
package struct Credentials: Sendable, Equatable {
    package let id: UserID
    package let hash: PasswordHash
    package let email: EmailAddress
    package let epoch: Int64

    package init(id: UserID, hash: PasswordHash, email: EmailAddress, epoch: Int64) {
        self.id = id
        self.hash = hash
        self.email = email
        self.epoch = epoch
    }

    /// Byte for byte, the address too: one that is only written differently made other keys.
    package static func == (a: Credentials, b: Credentials) -> Bool {
        a.id == b.id && a.hash == b.hash && a.email.text.utf8.elementsEqual(b.email.text.utf8) && a.epoch == b.epoch
    }
}
