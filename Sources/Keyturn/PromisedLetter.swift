/// What lies in the outbox.
package enum PromisedLetter: Sendable, Equatable {
    case resetLink(ResetRequest)
    case passwordChanged(UserID)
}

/// A ``PromisedLetter`` without its contents, as rows, logs and operators call it.
package enum LetterKind: String, Sendable {
    case resetLink = "reset_link"
    case passwordChanged = "password_changed"
}
