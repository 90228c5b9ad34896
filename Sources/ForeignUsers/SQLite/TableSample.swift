import GRDB
import Keyturn
import PasswordHashing

/// What a look at some of the app's rows tells: formats, and who could get no mail and why.
package struct TableSample: Sendable {
    /// The newest rows.
    package static let rowsMax = 200

    package private(set) var rows = 0
    /// Scheme of each hash, or why there is none, with how many have it; most first.
    package private(set) var formats: [(name: String, count: Int)] = []
    package private(set) var withoutPassword = 0
    package private(set) var mayNotReset = 0
    package private(set) var unverified = 0
    package private(set) var withoutAddress = 0
    package private(set) var longestHash = 0
    package let addressIndex: String
    package let hashType: String
    package let hashWidth: Int?
    package let leftOut: [String]
    package let hasIndex: Bool
    package let mapping: String

    /// The scheme that most hashes are of; nil if none is known.
    package var scheme: String? { formats.first { HashLooks.schemes.contains($0.name) }?.name }

    /// Opens the file and reads; changes nothing. Blocks the thread.
    package init(path: String, _ text: MappingText) throws(MappingRefused) {
        let look = try SQLiteUsers.look(path, text)
        defer { look.lane.close() }
        addressIndex = look.addressIndex.rawValue
        hasIndex = look.addressIndex != .none
        leftOut = look.leftOut
        let column = look.catalogue.column(look.mapping.hash, of: look.mapping.table)
        (hashType, hashWidth) = (column?.type ?? "", column?.width)
        mapping = "\(look.mapping.table) (\(look.mapping.id), \(look.mapping.email), \(look.mapping.hash))"
        var counts: [String: Int] = [:]
        do {
            let sample = try look.lane.useNow { db in
                try db.appRows(Statements.sample(look.mapping, limit: Self.rowsMax)).map { row in
                    (String.fromDatabaseValue(row[0]), String.fromDatabaseValue(row[1]), row[2] as Bool, row[3] as Bool)
                }
            }
            for (hash, email, mayReset, isVerified) in sample {
                rows += 1
                if look.mapping.isWithoutPassword(hash) {
                    withoutPassword += 1
                } else if let hash {
                    longestHash = max(longestHash, hash.utf8.count)
                    counts[HashLooks.scheme(of: hash) ?? "unknown", default: 0] += 1
                }
                if (email.flatMap { try? EmailAddress(parsing: $0) }) == nil { withoutAddress += 1 }
                if !mayReset { mayNotReset += 1 }
                if !isVerified { unverified += 1 }
            }
        } catch {
            throw MappingRefused("users.database.path", "cannot read \(path): \(StorageFailed(app: error).words)")
        }
        formats = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
    }
}

/// By how a hash begins: which scheme of `passwords.scheme` writes such ones.
enum HashLooks {
    static func scheme(of hash: String) -> String? {
        prefixes.first { hash.utf8.starts(with: $0.prefix.utf8) }?.scheme
    }

    static let schemes = Set(prefixes.map(\.scheme))

    private static let prefixes: [(prefix: String, scheme: String)] = [
        ("pbkdf2_sha256$", "django-pbkdf2-sha256"), ("scrypt$", "django-scrypt"), ("scrypt:", "werkzeug-scrypt"),
        ("$scrypt$", "scrypt"), ("$argon2id$", "argon2id"), ("$wp$2y$", "wordpress-bcrypt"), ("$2b$", "bcrypt"),
        ("$2y$", "bcrypt-2y"), ("$2a$", "bcrypt-2a"), ("AQAAAA", "aspnet-identity-v3"),
    ]
}
