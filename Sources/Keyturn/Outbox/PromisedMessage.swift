/// What lies in the outbox.
package enum PromisedMessage: Sendable, Equatable {
    case resetLink(ResetRequest)
    /// - Parameter language: of the client that changed it: BCP 47, from `Accept-Language`; nil unknown. At most 35 bytes.
    case passwordChanged(UserID, language: String? = nil)
    /// A link with which the first password is chosen.
    case invitation(UserID, language: String? = nil)
    /// A link for an account whose password has expired.
    case passwordExpired(UserID)
    /// Tells the address that the account had before; holds no link.
    /// - Parameter former: was verified when it was replaced.
    case emailChanged(UserID, former: EmailAddress)
}

extension PromisedMessage {
    package var kind: LetterKind {
        switch self {
        case .resetLink: .resetLink
        case .passwordChanged: .passwordChanged
        case .invitation: .invitation
        case .passwordExpired: .passwordExpired
        case .emailChanged: .emailChanged
        }
    }

    /// Which account it is about; nil for a reset request, whose address was not looked up.
    package var user: UserID? {
        switch self {
        case .resetLink: nil
        case .passwordChanged(let id, _), .invitation(let id, _), .passwordExpired(let id), .emailChanged(let id, _):
            id
        }
    }

    /// What it is written in: BCP 47; nil if unknown.
    package var language: String? {
        switch self {
        case .resetLink(let request): request.language
        case .passwordChanged(_, let language), .invitation(_, let language): language
        case .passwordExpired, .emailChanged: nil
        }
    }
}

/// A ``PromisedMessage`` without its contents, as rows, logs and operators call it.
package enum LetterKind: String, Sendable, CaseIterable {
    case resetLink = "reset_link"
    case passwordChanged = "password_changed"
    case invitation
    case passwordExpired = "password_expired"
    case emailChanged = "email_changed"

    /// Whether a row of it takes a seat of `outbox.capacity`: not if it waited for its turn elsewhere.
    package var takesSeat: Bool { self != .passwordExpired }
}
