import ArgumentParser
import Foundation
import Keyturn
import PasswordHashing
import Telemetry

extension UserCommand {
    /// `keyturn user import FILE`: the users of an app that exists already; each bad row is named, none is lost in silence.
    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import",
            abstract:
                "Import accounts from CSV with a header line, or JSON Lines: email, password_hash, verified, disabled.",
            discussion: """
                Without a column `verified`, every account counts as verified and gets mail; in a column `verified`, an empty cell \
                means not verified. An account without a password_hash sets its password with its first reset link. A row that cannot \
                be imported is reported with its line and the reason, and the import goes on. After an interruption, run it again: \
                rows that are there already, just as the file says, count as unchanged.
                """)

        @Argument(help: "A file, or - for standard input.") var file: String
        @Flag(help: "Check every row and write nothing.") var dryRun = false
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let input = try ImportFile(file)
            let settings = try options.settings()
            if dryRun, !settings.storeFiles.exists {
                Terminal.note("there is no \(Printable.text(settings.databasePath)) yet: all rows count as new")
                return try await take(input, into: nil)
            }
            try await options.withStore(dryRun ? .existing : .creating, settings) { store, _ in
                if !dryRun { try await store.imports.expectManyUsers() }
                try await take(input, into: store)
            }
        }

        private func take(_ input: ImportFile, into store: (any Store)?) async throws {
            let progress = Progress("rows")
            var importing = Importing(store: store, isDryRun: dryRun)
            while let bytes = try input.next() {
                try await importing.take(bytes)
                progress.show(importing.rows, share: input.share)
            }
            try await importing.finish()
            progress.end()
            for assumption in importing.assumptions { Terminal.note(assumption) }
            Terminal.say(importing.summary)
            if importing.refused > 0 { throw ExitCode(1) }
        }
    }
}

/// One import under way: rows are gathered, judged, and written a batch at a time.
struct Importing {
    /// nil in a dry run before there is any.
    private let store: (any Store)?
    private let isDryRun: Bool
    private var reader = ImportReader()
    private var waiting: [(line: Int, user: ImportedUser)] = []
    /// Who a dry run would have added, each with what tells one row from another: by them it finds who stands twice in the file.
    private var seen: [EmailAddress: Int] = [:]
    private var (added, unchanged) = (0, 0)
    private(set) var refused = 0
    /// Rows without a word on whether the address is verified, and rows whose word on it is empty.
    private var (unsaid, empty) = (0, 0)

    init(store: (any Store)?, isDryRun: Bool) {
        self.store = store
        self.isDryRun = isDryRun
    }

    var rows: Int { added + unchanged + refused + waiting.count }

    var summary: String {
        let counts = "added \(added), unchanged \(unchanged), refused \(refused)"
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
        return assumptions
    }

    mutating func take(_ bytes: [UInt8]) async throws { try await take(reader.read(bytes)) }

    mutating func finish() async throws {
        try await take(reader.finish())
        try await write()
    }

    private mutating func take(_ rows: [ImportRow]) async throws {
        for row in rows {
            do throws(RowRefused) {
                let values = try row.content.get()
                waiting.append((row.line, try values.user()))
                if values.verified == nil { unsaid += 1 }
                if values.verified == "" { empty += 1 }
            } catch {
                refuse(row.line, error)
            }
            if waiting.count == importBatchLimit { try await write() }
        }
    }

    private mutating func write() async throws {
        let batch = waiting
        waiting = []
        for (row, outcome) in zip(batch, try await outcomes(of: batch.map(\.user))) {
            switch isDryRun ? outcomeInFile(of: row.user, after: outcome) : outcome {
            case .added: added += 1
            case .unchanged: unchanged += 1
            case .differs:
                refuse(row.line, RowRefused("an account with this address already exists, with another hash or state"))
            case .externalIDTaken:
                refuse(row.line, RowRefused("another account has this external_id"))
            }
        }
    }

    /// What a real import, which has written the earlier rows, would have found.
    private mutating func outcomeInFile(of imported: ImportedUser, after outcome: Imported) -> Imported {
        guard outcome == .added else { return outcome }
        let hash = imported.user.passwordHash.text
        var fingerprint = Hasher()
        fingerprint.combine(hash.utf8.first == UInt8(ascii: "!") ? "!" : hash)
        fingerprint.combine(imported.user.isVerified)
        fingerprint.combine(imported.isDisabled)
        let new = fingerprint.finalize()
        guard let earlier = seen.updateValue(new, forKey: imported.user.email) else { return .added }
        seen[imported.user.email] = earlier
        return earlier == new ? .unchanged : .differs
    }

    private func outcomes(of users: [ImportedUser]) async throws -> [Imported] {
        guard let store else { return users.map { _ in .added } }
        do {
            return isDryRun
                ? try await store.imports.compareAll(users)
                : try await store.imports.addAll(users, at: WallClock.system.now())
        } catch {
            throw CommandFailed(
                """
                \(error.words). What was added so far is on disk: import the same file again to continue
                """)
        }
    }

    private mutating func refuse(_ line: Int, _ why: RowRefused) {
        refused += 1
        Terminal.note("line \(line): \(why)")
    }
}

extension ImportRow.Values {
    func user() throws(RowRefused) -> ImportedUser {
        guard let email else { throw RowRefused("email is missing") }
        let address: EmailAddress
        do { address = try EmailAddress(parsing: email) } catch {
            throw RowRefused("email is not an address: \(error.words)")
        }
        let hash = passwordHash.flatMap { $0.isEmpty ? nil : PasswordHash($0) }
        // An export writes unusable hashes as they are.
        if let hash, hash.text.utf8.first != UInt8(ascii: "!"), !PasswordHasher.canVerify(hash) {
            throw RowRefused("password_hash has a format that keyturn cannot verify")
        }
        guard let isVerified = verified.map(Self.boolean) ?? true else {
            throw RowRefused("verified must be true or false")
        }
        guard let isDisabled = disabled.map(Self.boolean) ?? false else {
            throw RowRefused("disabled must be true or false")
        }
        let id: ExternalID?
        do throws(ExternalID.Refused) {
            id = if let externalID, !externalID.isEmpty { try ExternalID(parsing: externalID) } else { nil }
        } catch {
            throw RowRefused("external_id cannot be kept: \(error.words)")
        }
        return ImportedUser(
            NewUser(email: address, passwordHash: hash ?? .unusable(), isVerified: isVerified, externalID: id),
            isDisabled: isDisabled)
    }

    /// An empty cell is no yes.
    private static func boolean(_ text: String) -> Bool? {
        switch text {
        case "true", "1", "yes": true
        case "", "false", "0", "no": false
        default: nil
        }
    }
}

/// A file or standard input, a piece at a time.
final class ImportFile {
    private static let pieceBytes = 1 << 20

    private let handle: FileHandle
    /// In bytes; nil where it is not known.
    let size: Int?
    private(set) var bytesRead = 0

    init(_ path: String) throws {
        if path == "-" {
            (handle, size) = (.standardInput, nil)
            return
        }
        do { handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path)) } catch {
            throw CommandFailed("cannot read \(FileRefused(path, error))")
        }
        size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
    }

    /// How much was read, in percent; nil where the size is not known.
    var share: Int? { size.map { $0 > 0 ? min(100, bytesRead * 100 / $0) : 100 } }

    /// nil at the end.
    func next() throws -> [UInt8]? {
        let piece: Data?
        do { piece = try handle.read(upToCount: Self.pieceBytes) } catch {
            throw CommandFailed("cannot read the file to its end: \(SystemWords.words(error))")
        }
        guard let piece, !piece.isEmpty else { return nil }
        bytesRead += piece.count
        return Array(piece)
    }
}
