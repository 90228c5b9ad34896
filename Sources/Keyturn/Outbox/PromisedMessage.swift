/// What lies in the outbox.
package enum PromisedMessage: Sendable, Equatable {
    case resetLink(ResetRequest)
    /// - Parameter language: of the client that changed it: BCP 47, from `Accept-Language`; nil unknown. At most 35 bytes.
    case passwordChanged(UserID, language: String? = nil)
}

extension PromisedMessage {
    package var kind: LetterKind {
        switch self {
        case .resetLink: .resetLink
        case .passwordChanged: .passwordChanged
        }
    }
}

/// A ``PromisedMessage`` without its contents, as rows, logs and operators call it.
package enum LetterKind: String, Sendable {
    case resetLink = "reset_link"
    case passwordChanged = "password_changed"
}
