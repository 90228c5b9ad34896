/// The store could not do what it was asked. The caller answers `unavailable`, the log has the code.
package struct StorageFailed: Error, Equatable {
    package enum Kind: Sendable, Equatable {
        /// This one change was refused for what it said; it was undone, and the store is sound.
        case refused
        /// Nothing was changed; the same may work later.
        case unavailable
        /// As ``unavailable``, because too many ask for the same at once.
        case busy
        /// The change may be on disk or not: never answer "done", and never "not done".
        case outcomeUnknown
        /// Waiting mends nothing: what was asked of the store was wrong, whatever state it is in.
        case bug
    }

    package let kind: Kind
    /// The engine's own name for it, such as `SQLITE_FULL` or `40001`; empty if the failure is ours.
    package let code: String
    /// For the log: never an address, hash or token.
    package let reason: String

    package init(_ kind: Kind, code: String = "", reason: String) {
        self.kind = kind
        self.code = code
        self.reason = reason
    }

    /// For an operator: the reason, and the engine's code if there is one.
    package var words: String { code.isEmpty ? reason : "\(reason) (\(code))" }
}
