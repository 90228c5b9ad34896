import Keyturn
import PasswordHashing

/// One import under way: rows are gathered, judged, and written a batch at a time.
struct Importing {
    /// Whether a row says that its address is verified.
    private enum Verified { case said, empty, unsaid }

    /// nil in a dry run before there is any.
    private let store: (any Store)?
    private let isDryRun: Bool
    private let updates: Bool
    private let judge: HashJudge
    private let say: (String) -> Void
    private var waiting: [(line: Int, user: ImportedUser, verified: Verified)] = []
    /// Addresses and ids that may stand in the file more than once, by their hash values; and those of them that were met, with where and how.
    private let repeated: (addresses: Set<Int>, externalIDs: Set<Int>)
    private var seen: [EmailAddress: (line: Int, user: ImportedUser)] = [:]
    private var seenIDs: [ExternalID: Int] = [:]
    private var (added, updated, unchanged) = (0, 0, 0)
    private(set) var refused: Int
    /// Accounts that keep a password that was set here.
    private var kept = 0
    /// Rows of new accounts without a word on whether the address is verified, and those whose word on it is empty.
    private var (unsaid, empty) = (0, 0)

    /// - Parameter survey: of the same rows; what it refused is refused again, in silence.
    init(
        after survey: ImportSurvey, _ judge: HashJudge, store: (any Store)?, isDryRun: Bool, updates: Bool,
        say: @escaping (String) -> Void
    ) {
        (repeated, refused) = (survey.repeated, survey.refused)
        self.judge = judge
        self.store = store
        self.isDryRun = isDryRun
        self.updates = updates
        self.say = say
    }

    var rows: Int { added + updated + unchanged + refused + waiting.count }

    var summary: String {
        let changed = updates ? "updated \(updated), " : ""
        let counts = "added \(added), \(changed)unchanged \(unchanged), refused \(refused)"
        return isDryRun ? "dry run, nothing was written: would have \(counts)" : counts
    }

    /// What the file did not say and the import decided, a sentence each.
    var assumptions: [String] {
        var assumptions: [String] = []
        if unsaid > 0 {
            let rows = unsaid == 1 ? "1 row does not say" : "\(unsaid) rows do not say"
            let accounts = unsaid == 1 ? "the account counts" : "these accounts count"
            assumptions.append(
                "\(rows) whether the address is verified: \(accounts) as verified and \(unsaid == 1 ? "gets" : "get") mail. "
                    + "To import addresses that are not, add a column `verified` with `false`")
        }
        if empty > 0 {
            let rows = empty == 1 ? "1 row has" : "\(empty) rows have"
            let accounts =
                empty == 1 ? "the account is not verified and gets" : "these accounts are not verified and get"
            assumptions.append("\(rows) an empty `verified`: \(accounts) no mail")
        }
        if kept > 0 {
            let accounts =
                kept == 1 ? "1 account keeps the password that was" : "\(kept) accounts keep the passwords that were"
            assumptions.append("\(accounts) set here since")
        }
        return assumptions
    }

    mutating func take(_ rows: [ImportRow]) async throws {
        for row in rows {
            guard case .success(let values) = row.content, let user = try? values.user(judge) else { continue }
            guard isFirst(user, in: row.line) else { continue }
            let verified: Verified = values.verified.map { $0.isEmpty ? .empty : .said } ?? .unsaid
            waiting.append((row.line, user, verified))
            if waiting.count == importBatchLimit { try await write() }
        }
    }

    mutating func finish() async throws { try await write() }

    /// Whether the row is the first one of its address and its id; else it is told of with both lines.
    private mutating func isFirst(_ imported: ImportedUser, in line: Int) -> Bool {
        let user = imported.user
        if repeated.addresses.contains(user.email.hashValue) {
            if let first = seen[user.email] {
                if imported.saysTheSame(as: first.user) {
                    unchanged += 1
                    say("line \(line): the same account as in line \(first.line), counted as unchanged")
                } else {
                    refuse(line, RowRefused("the file has this address already, in line \(first.line)"))
                }
                return false
            }
            seen[user.email] = (line, imported)
        }
        if let id = user.externalID, repeated.externalIDs.contains(id.hashValue) {
            if let first = seenIDs[id] {
                refuse(line, RowRefused("the file has this external_id already, in line \(first)"))
                return false
            }
            seenIDs[id] = line
        }
        return true
    }

    private mutating func write() async throws {
        let batch = waiting
        waiting = []
        guard !batch.isEmpty else { return }
        for (row, outcome) in zip(batch, try await outcomes(of: batch.map(\.user))) {
            switch outcome {
            case .added:
                added += 1
                if row.verified == .unsaid { unsaid += 1 }
                if row.verified == .empty { empty += 1 }
            case .unchanged: unchanged += 1
            case .updated: updated += 1
            case .passwordKept:
                unchanged += 1
                kept += 1
            case .differs:
                let hint = updates ? "" : "; --update changes it"
                refuse(
                    row.line,
                    RowRefused("an account with this address already exists, with another hash or state\(hint)"))
            case .externalIDTaken: refuse(row.line, RowRefused("another account has this external_id"))
            }
        }
    }

    private func outcomes(of users: [ImportedUser]) async throws -> [Imported] {
        guard let store else { return users.map { _ in .added } }
        let now = WallClock.system.now()
        do {
            var outcomes =
                isDryRun
                ? try await store.imports.compareAll(users) : try await store.imports.addAll(users, at: now)
            guard updates else { return outcomes }
            let places = outcomes.indices.filter { outcomes[$0] == .differs }
            let changed = try await store.imports.updateAll(places.map { users[$0] }, dryRun: isDryRun, at: now)
            for (place, outcome) in zip(places, changed) { outcomes[place] = outcome }
            return outcomes
        } catch {
            throw CommandFailed(
                """
                \(error.words). What was added so far is on disk: import the same file again to continue
                """)
        }
    }

    private mutating func refuse(_ line: Int, _ why: RowRefused) {
        refused += 1
        say("line \(line): \(why)")
    }
}

extension ImportedUser {
    /// All rows without a hash say the same about it.
    fileprivate func saysTheSame(as other: ImportedUser) -> Bool {
        said == other.said && user.isVerified == other.user.isVerified && isDisabled == other.isDisabled
            && user.externalID == other.user.externalID
            && (!said.contains(.hash) || user.passwordHash == other.user.passwordHash)
    }
}
