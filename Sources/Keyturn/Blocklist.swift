/// Looks a password up among the common ones.
import CommonPasswords

/// The built-in list and, beside it, what the operator adds.
struct Blocklist: Sendable {
    /// Lower case, as the built-in one.
    private let additions: Set<String>
    private let longestAddition: Int

    init(additions: Set<String>) {
        self.additions = additions
        longestAddition = additions.lazy.map(\.utf8.count).max() ?? 0
    }

    func contains(_ password: Substring.UTF8View) -> Bool {
        CommonPasswords.contains(password.span)
            || password.count <= longestAddition && additions.contains(String(Substring(password)))
    }
}
