/// The store could not do it now; the caller answers `unavailable`, the log has the code. Nothing was changed, or nobody
/// knows: never say "done".
package struct StorageFailed: Error, Equatable {
    /// SQLite's extended result code, or 0.
    package let code: Int
    /// For the log: never an address, hash or token.
    package let reason: String
    /// Whether waiting mends nothing: what was asked of the store was wrong, whatever state it is in.
    package let isBug: Bool

    /// For an operator: the reason, and SQLite's code if there is one.
    package var words: String { code == 0 ? reason : "\(reason) (SQLite code \(code))" }

    package init(code: Int, reason: String, isBug: Bool = false) {
        self.code = code
        self.reason = reason
        self.isBug = isBug
    }
}
