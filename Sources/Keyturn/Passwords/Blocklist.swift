/// Looks a password up among the common ones.
import CommonPasswords

/// The built-in list and, beside it, what the operator adds.
struct Blocklist: Sendable {
    /// As passwords are compared.
    private let additions: Set<String>
    private let longestAddition: Int

    /// - Parameter additions: in any case and normal form.
    init(additions: [String]) {
        self.additions = Set(additions.lazy.map(ComparisonForm.of))
        longestAddition = self.additions.lazy.map(\.utf8.count).max() ?? 0
    }

    func contains(_ password: Substring.UTF8View) -> Bool {
        CommonPasswords.contains(password.span)
            || password.count <= longestAddition && additions.contains(String(Substring(password)))
    }
}
