package import PasswordHashing

/// Looks through the stored hashes once, so that failed logins take as long as the dearest of them from then on, and counts the formats.
package struct FormatSurvey: Sendable {
    /// Between two pages: a large table is read without haste.
    static let rest = Duration.milliseconds(20)
    /// Accounts that are looked at; those behind are learned when they log in.
    static let accountsMax = 2_000_000

    private let accounts: any Accounts
    private let hasher: PasswordHasher?

    /// - Parameter hasher: learns what the hashes cost; nil: the formats are only counted.
    package init(accounts: any Accounts, hasher: PasswordHasher?) {
        self.accounts = accounts
        self.hasher = hasher
    }

    /// Until the end of the table, an error of the store, or the task is cancelled.
    /// - Returns: how many accounts have a hash that cannot be read, by the name of its kind; accounts without a password not among them.
    package func run(sleep: @Sendable (Duration) async -> Void) async -> [String: Int] {
        var (unreadable, last, count): ([String: Int], UserID?, Int) = ([:], nil, 0)
        while !Task.isCancelled, count < Self.accountsMax {
            guard let page = try? await accounts.list(after: last, limit: accountListLimit), let end = page.last else {
                break
            }
            for user in page where user.passwordHash.text.utf8.first != UInt8(ascii: "!") {
                if PasswordHasher.canVerify(user.passwordHash) {
                    await hasher?.learn(user.passwordHash)
                } else {
                    unreadable[HashFormat.opaqueName(of: user.passwordHash), default: 0] += 1
                }
            }
            (last, count) = (end.id, count + page.count)
            await sleep(Self.rest)
        }
        return unreadable
    }
}
