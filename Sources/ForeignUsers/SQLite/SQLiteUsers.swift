import GRDB
package import Keyturn
import PasswordHashing
import StrictJSON

/// Accounts in a table of the app's SQLite file, beside our own store.
package final class SQLiteUsers: ForeignSource {
    /// Look-ups by address for logins at once.
    static let loginsMax = 2
    /// Logins that wait for one of these, if an index answers within microseconds.
    static let loginsWaiting = 64
    /// Link checks that run or wait.
    static let linksMax = 64 + 1
    static let workerMax = 256
    static let swapsMax = 256

    package let takesPasswords = false
    package let path: String
    /// Sentences of the preset that the app has no column for.
    package let leftOut: [String]

    let mapping: Mapping
    let statements: Statements
    let addressIndex: Catalogue.AddressIndex
    private let logins: [Lane]
    private let links: Lane
    private let worker: Lane
    private let writer: Lane
    private let clock: WallClock

    /// Opens the file, which must be there, and checks the mapping against its catalogue. Blocks the thread.
    /// - Throws: ``MappingRefused``.
    package init(path: String, mapping text: MappingText, clock: WallClock) throws(MappingRefused) {
        let (path, opened) = (path, try Self.look(path, text))
        self.path = path
        (mapping, statements, addressIndex, leftOut) = (
            opened.mapping, opened.statements, opened.addressIndex, opened.leftOut
        )
        self.clock = clock
        let places = opened.addressIndex == .none ? 1 : 1 + Self.loginsWaiting / Self.loginsMax
        do {
            logins = try (0..<Self.loginsMax).map { try Lane(path: path, label: "login\($0)", places: places) }
            links = try Lane(path: path, label: "links", places: Self.linksMax)
            worker = try Lane(path: path, label: "worker", places: Self.workerMax)
            writer = try Lane(path: path, label: "writer", places: Self.swapsMax, writes: true)
        } catch {
            throw Self.cannotOpen(path, error)
        }
    }

    private static func cannotOpen(_ path: String, _ error: any Error) -> MappingRefused {
        MappingRefused("users.database.path", "cannot open \(path): \(StorageFailed(app: error).words)")
    }

    struct Look {
        let mapping: Mapping
        let statements: Statements
        let addressIndex: Catalogue.AddressIndex
        let leftOut: [String]
        let catalogue: Catalogue
        let lane: Lane
    }

    /// Reads the catalogue and makes sense of the mapping.
    static func look(_ path: String, _ text: MappingText) throws(MappingRefused) -> Look {
        guard isFile(path) else {
            throw MappingRefused("users.database.path", "there is no file \(path): name the app's SQLite file")
        }
        let lane: Lane
        do { lane = try Lane(path: path, label: "check", places: 1) } catch { throw cannotOpen(path, error) }
        let tables =
            [text.table] + text.delete.compactMap { try? Deletion($0.text).table }
        let catalogue: Catalogue
        do { catalogue = try lane.useNow { db in try Catalogue(db, path: path, of: tables) } } catch {
            throw cannotOpen(path, error)
        }
        var leftOut: [String] = []
        let mapping = try Mapping(
            text,
            has: { table, column in
                let table = table ?? text.table
                return catalogue.column(column, of: table) != nil
                    && catalogue.tables.contains { sameName($0, table) }
            }, leftOut: { leftOut.append($0) })
        let statements = try Statements(mapping, catalogue)
        let (isUnique, index): (Bool, Catalogue.AddressIndex)
        do {
            (isUnique, index) = try lane.useNow { db in
                (
                    try Catalogue.isUnique(statements.idColumn, of: mapping.table, in: db),
                    try Catalogue.addressIndex(mapping.email, of: mapping.table, in: db)
                )
            }
        } catch {
            throw cannotOpen(path, error)
        }
        guard isUnique else {
            throw MappingRefused(
                "users.id",
                "\(mapping.id) of the table \(mapping.table) is neither its primary key nor unique: two accounts could have one id"
            )
        }
        return Look(
            mapping: mapping, statements: statements, addressIndex: index, leftOut: leftOut, catalogue: catalogue,
            lane: lane)
    }

    package func close() {
        for lane in logins + [links, worker, writer] { lane.close() }
    }

    // MARK: Looking

    package func rows(of emails: [EmailAddress], for asking: Asking) async throws(StorageFailed) -> [[ForeignRow]] {
        guard asking == .login else { return try await worker.use { [self] db in try rows(of: emails, in: db) } }
        var refusal: StorageFailed?
        for lane in logins {
            do { return try await lane.use { [self] db in try rows(of: emails, in: db) } } catch {
                guard error.kind == .busy else { throw error }
                refusal = error
            }
        }
        throw refusal ?? StorageFailed(.busy, reason: "too many look-ups")
    }

    package func rows(of ids: [UserID], for asking: Asking) async throws(StorageFailed) -> [ForeignRow?] {
        let lane = asking == .worker ? worker : links
        return try await lane.use { [self] db in
            try ids.map { id in
                let values = values(of: id)
                let found = try values.flatMap { try db.appRows(statements.byID, [$0]) }
                if found.isEmpty { _ = try db.appRows(statements.anyone) }
                return found.compactMap(row).first { $0.id == id }
            }
        }
    }

    package func list(after id: UserID?, limit: Int) async throws(StorageFailed) -> [ForeignRow] {
        try await worker.use { [self] db in
            guard let id else {
                return try db.appRows(statements.firstPage, [limit.databaseValue]).compactMap(row)
            }
            guard let value = values(of: id).first else { return [] }
            return try db.appRows(statements.nextPage, [limit.databaseValue, value]).compactMap(row)
        }
    }

    private func rows(of emails: [EmailAddress], in db: Database) throws -> [[ForeignRow]] {
        var found: [ForeignRow]
        if let sql = statements.byAddress(addressIndex) {
            let keys = JSON.array(emails.map { .string($0.comparisonKey) }).write()
            found = try db.appRows(sql, [String(decoding: keys, as: UTF8.self).databaseValue]).compactMap(row)
        } else {
            found = []
            for email in emails {
                for spelling in try Spellings.stored(of: email, in: db, statements) {
                    found += try db.appRows(statements.bySpelling, [spelling.databaseValue]).compactMap(row)
                }
            }
        }
        if found.isEmpty { _ = try db.appRows(statements.anyone) }
        // Whatever the column's collation said.
        var byAddress: [EmailAddress: [ForeignRow]] = [:]
        for row in found where !(byAddress[row.email] ?? []).contains(where: { $0.id == row.id }) {
            byAddress[row.email, default: []].append(row)
        }
        return emails.map { Array((byAddress[$0] ?? []).prefix(Statements.accountsMax)) }
    }

    /// A column without a type may hold either.
    private func values(of id: UserID) -> [DatabaseValue] {
        guard !id.text.utf8.contains(0) else { return [] }
        let number = Int64(id.text).flatMap { String($0).utf8.elementsEqual(id.text.utf8) ? $0 : nil }
        return switch statements.idColumn.affinity {
        case .text: [id.text.databaseValue]
        case .number: number.map { [$0.databaseValue] } ?? []
        case .none: (number.map { [$0.databaseValue] } ?? []) + [id.text.databaseValue]
        }
    }

    /// - Returns: nil if the row is no account: no id, or an address that is none.
    private func row(_ row: Row) -> ForeignRow? {
        guard let id = Self.id(row[0]), let email: String = .fromDatabaseValue(row[1]),
            (try? EmailAddress(parsing: email))?.text.utf8.elementsEqual(email.utf8) ?? false
        else { return nil }
        let hash: String? = .fromDatabaseValue(row[2])
        return ForeignRow(
            id: id, email: EmailAddress(stored: email),
            hash: mapping.isWithoutPassword(hash) ? nil : hash.map { PasswordHash($0) }, mayReset: row[3],
            isVerified: row[4])
    }

    /// As in links: a number in decimal, or the text.
    private static func id(_ value: DatabaseValue) -> UserID? {
        switch value.storage {
        case .int64(let number): UserID(String(number))
        case .string(let text): text.isEmpty || text.utf8.count > 256 ? nil : UserID(text)
        default: nil
        }
    }

    // MARK: Changing

    package func swap(_ swap: Swap) async -> (outcome: SwapOutcome, rejected: [RejectedByApp]) {
        guard case .hash(let new) = swap.new else {
            return (.failed(StorageFailed(.bug, reason: "a table takes hashes")), [])
        }
        do {
            return (try await writer.use { [self] db in perform(swap, to: new, in: db) }, [])
        } catch {
            return (.failed(error), [])
        }
    }

    /// One transaction. What fails before its commit was undone.
    private func perform(_ swap: Swap, to new: PasswordHash, in db: Database) -> SwapOutcome {
        var isChanged = false
        do {
            try db.inTransaction(.immediate) {
                guard ContinuousClock.now < swap.latest else {
                    throw StorageFailed(.unavailable, reason: "the app's database was locked for too long")
                }
                guard try change(swap, to: new, in: db) else { return .rollback }
                isChanged = true
                return .commit
            }
            return isChanged ? .changed(holds: nil) : .notChanged
        } catch {
            let failed = StorageFailed(app: error)
            let isUndone =
                (error as? DatabaseError).map {
                    [.SQLITE_BUSY, .SQLITE_FULL, .SQLITE_READONLY].contains($0.resultCode)
                }
                ?? true
            return isChanged && !isUndone ? .unknown(failed) : .failed(failed)
        }
    }

    private func change(_ swap: Swap, to new: PasswordHash, in db: Database) throws -> Bool {
        for value in values(of: swap.user) {
            for row in try db.appRows(statements.byID, [value]) where Self.id(row[0]) == swap.user {
                let hash: String? = .fromDatabaseValue(row[2])
                let isTheSame =
                    swap.hash.map { old in hash.map { $0.utf8.elementsEqual(old.text.utf8) } ?? false }
                    ?? mapping.isWithoutPassword(hash)
                guard isTheSame, row[3], let email: String = .fromDatabaseValue(row[1]),
                    email.utf8.elementsEqual(swap.email.text.utf8)
                else { return false }
                let now = clock.now()
                let (sql, values) = statements.change(
                    to: new.text, id: row[0], email: row[1], holding: row[2], at: now)
                let count = try db.appRun(sql, values)
                guard count == 1 else {
                    throw StorageFailed(.bug, reason: "a reset would have changed \(count) rows of the app's table")
                }
                for (sql, values) in statements.deletions(of: row[0], email: row[1]) { try db.appRun(sql, values) }
                return true
            }
        }
        return false
    }
}

/// All ways in which one address stands in a column whose index heeds case.
enum Spellings {
    /// Looks into the index at most for one address.
    static let looksMax = 2000

    /// Goes down the index letter by letter: of the two ways to write each, only those that an entry begins with are followed. An address
    /// that is not there costs as many looks as one that is.
    static func stored(of email: EmailAddress, in db: Database, _ statements: Statements) throws -> [String] {
        let key = Array(email.comparisonKey.utf8)
        var looks = 0
        func first(from prefix: [UInt8]) throws -> [UInt8]? {
            looks += 1
            // Bytes that end within a letter are no text; the next longer prefix is one.
            guard let text = String(validating: prefix, as: UTF8.self) else { return prefix }
            let row = try db.appRows(statements.nextSpelling, [text.databaseValue]).first
            return (row?[0] as String?).map { Array($0.utf8) }
        }
        var found: [String] = []
        // Prefixes, each with the first entry that is not before it.
        var open: [(prefix: [UInt8], first: [UInt8])] = []
        if let entry = try first(from: []) { open.append(([], entry)) }
        while let (prefix, entry) = open.popLast(), looks < looksMax {
            guard prefix.count < key.count else {
                if entry == prefix { found.append(String(decoding: prefix, as: UTF8.self)) }
                continue
            }
            let letter = key[prefix.count]
            let ways = (0x61...0x7A).contains(letter) ? [letter & 0xDF, letter] : [letter]
            for way in ways {
                let longer = prefix + [way]
                if entry.starts(with: longer) {
                    open.append((longer, entry))
                } else if entry.lexicographicallyPrecedes(longer), let next = try first(from: longer),
                    next.starts(with: longer)
                {
                    open.append((longer, next))
                }
            }
        }
        while looks < min(key.count, looksMax) { _ = try first(from: key) }
        return found
    }
}

#if canImport(Glibc)
    import Glibc
#endif

private func isFile(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
}
