import ForeignUsers
import Foundation
import HTTPClient
import Keyturn
import Sockets
import TLS
import Telemetry

extension Settings {
    /// Where accounts live.
    enum Users: Sendable {
        /// Whether accounts are in keyturn's own store.
        var isOwn: Bool { if case .own = self { true } else { false } }

        case own
        /// A table in the app's SQLite file.
        case table(path: String, MappingText)
        /// The app answers two calls.
        case http(App)

        struct App: Sendable {
            let origin: Origin
            /// With the query.
            let path: String
            let secrets: WebhookSecrets
            let caFile: String?
            let sends: AppUsers.Sends
            let withoutPassword: MappingText.NoPassword
            let several: MappingText.Several
        }

        /// Whether they live in our own store.
        var areOurs: Bool { if case .own = self { true } else { false } }

        var preset: Preset? {
            if case .table(_, let mapping) = self { mapping.preset.flatMap(Preset.named) } else { nil }
        }
    }
}

extension ConfigurationRefused {
    init(_ refused: MappingRefused) { self.init("\(refused.key): \(Printable.text(refused.words))") }
}

extension Values {
    func users(readFile: (String) throws -> [UInt8]) throws(ConfigurationRefused) -> Settings.Users {
        switch try choice(.usersSource, of: ["own", "table", "http"]) {
        case "table": return try table()
        case "http":
            return .http(try appUsers(readFile: readFile))
        default:
            // A table that is named and not used would be a silent mistake.
            if let key = Key.users.dropFirst().first(where: { layers.raw($0) != nil }) {
                throw ConfigurationRefused(key, "is set, but users.source is own: set users.source to table or http")
            }
            return .own
        }
    }

    private func table() throws(ConfigurationRefused) -> Settings.Users {
        for key in [Key.usersHTTPURL, .usersHTTPSecret, .usersHTTPSecretFile, .usersHTTPCAFile, .usersHTTPSends]
        where layers.raw(key) != nil {
            throw ConfigurationRefused(key, "is set, but users.source is table")
        }
        let mapping = try mapping()
        for key in [Key.usersDatabaseURL, .usersDatabaseURLFile] where layers.raw(key) != nil {
            throw ConfigurationRefused(
                key,
                "PostgreSQL and MariaDB are not supported yet as the app's database: set users.database.path to the app's SQLite file"
            )
        }
        guard let path = try optionalText(.usersDatabasePath) else {
            throw ConfigurationRefused(.usersDatabasePath, "missing: name the app's SQLite file")
        }
        return .table(path: path, mapping)
    }

    private func appUsers(readFile: (String) throws -> [UInt8]) throws(ConfigurationRefused) -> Settings.Users.App {
        let ours: [Key] = [
            .usersHTTPURL, .usersHTTPSecret, .usersHTTPSecretFile, .usersHTTPCAFile, .usersHTTPSends, .usersSource,
            .usersWithoutPassword, .usersSeveral,
        ]
        for key in Key.users where layers.raw(key) != nil && !ours.contains(where: { $0.name == key.name }) {
            throw ConfigurationRefused(key, "is set, but users.source is http: the app's own code knows its table")
        }
        guard let url = try optionalText(.usersHTTPURL) else { throw ConfigurationRefused(.usersHTTPURL, "missing") }
        guard let (origin, path) = Values.place(url) else {
            throw ConfigurationRefused(
                .usersHTTPURL, "must be https://host[:port]/path; http:// is allowed for this machine only")
        }
        var (secret, key) = (try optionalText(.usersHTTPSecret), Key.usersHTTPSecret)
        if secret == nil, let path = try optionalText(.usersHTTPSecretFile) {
            (secret, key) = (trimmed(try self.text(of: path, .usersHTTPSecretFile, readFile)), .usersHTTPSecretFile)
        }
        guard let secret, !secret.isEmpty else {
            throw ConfigurationRefused(key, "missing: generate one with `keyturn secret generate --webhook`")
        }
        let secrets: WebhookSecrets
        if secret.utf8.starts(with: "whsec_".utf8) {
            guard let decoded = WebhookSecrets([secret]) else {
                throw ConfigurationRefused(key, "must be whsec_ and base64 of 32 to 64 bytes")
            }
            secrets = decoded
        } else {
            guard secret.utf8.count >= 32 else { throw ConfigurationRefused(key, "needs at least 32 bytes") }
            secrets = WebhookSecrets(key: Array(secret.utf8))
        }
        let mapping = try mapping()
        let sends =
            try optionalText(.usersHTTPSends) == nil
            ? "password" : try choice(.usersHTTPSends, of: AppUsers.Sends.allCases.map(\.rawValue))
        return try Settings.Users.App(
            origin: origin, path: path, secrets: secrets, caFile: optionalText(.usersHTTPCAFile),
            sends: AppUsers.Sends(rawValue: sends) ?? .password, withoutPassword: mapping.withoutPassword,
            several: mapping.several)
    }

    /// A preset, and single keys over it.
    private func mapping() throws(ConfigurationRefused) -> MappingText {
        var mapping = MappingText()
        if let name = try optionalText(.usersPreset) {
            guard let preset = Preset.named(name) else {
                throw ConfigurationRefused(
                    .usersPreset, "must be one of \(Preset.all.map(\.name).joined(separator: ", "))")
            }
            mapping = preset.mapping
        }
        if let table = try optionalText(.usersTable) { mapping.table = table }
        if let id = try optionalText(.usersID) { mapping.id = id }
        if let email = try optionalText(.usersEmail) { mapping.email = email }
        if let hash = try optionalText(.usersHash) { mapping.hash = hash }
        if let sentences = try sentences(.usersMayReset) { mapping.mayReset = sentences }
        if let sentences = try sentences(.usersVerified) { mapping.verified = sentences }
        if let sentences = try sentences(.usersOnReset) { mapping.onReset = sentences }
        if let sentences = try sentences(.usersDelete) { mapping.delete = sentences }
        if layers.raw(.usersNoPassword) != nil { mapping.noPassword = try list(.usersNoPassword) }
        if try optionalText(.usersWithoutPassword) != nil {
            let word = try choice(.usersWithoutPassword, of: MappingText.NoPassword.allCases.map(\.rawValue))
            mapping.withoutPassword = MappingText.NoPassword(rawValue: word) ?? .skip
        }
        if try optionalText(.usersSeveral) != nil {
            let word = try choice(.usersSeveral, of: MappingText.Several.allCases.map(\.rawValue))
            mapping.several = MappingText.Several(rawValue: word) ?? .each
        }
        return mapping
    }

    /// nil if the key says nothing; an empty list takes the preset's away.
    private func sentences(_ key: Key) throws(ConfigurationRefused) -> [MappingText.Sentence]? {
        guard layers.raw(key) != nil else { return nil }
        return try list(key).map { MappingText.Sentence($0) }
    }
}

extension Layers {
    /// How the app hashes, where the configuration does not say it: as its preset does, else as most of its rows are.
    func withUsersDefaults() throws(ConfigurationRefused) -> Layers {
        guard raw(.usersSource)?.value == .text("table"),
            case .table(let path, let mapping) = try Values(self).users(readFile: { _ in [] })
        else { return self }
        var fallbacks: [String: String] = [:]
        if let preset = mapping.preset.flatMap(Preset.named) {
            fallbacks[Key.passwordScheme.name] = preset.scheme
            if preset.trims { fallbacks["passwords.trim"] = "true" }
            if preset.escapesHTML { fallbacks["passwords.escapeHTML"] = "true" }
        } else if raw(.passwordScheme).map({ $0.source == .fallback }) ?? true {
            let scheme: String?
            do { scheme = try TableSample(path: path, mapping).scheme } catch { throw ConfigurationRefused(error) }
            guard let scheme else {
                throw ConfigurationRefused(
                    .passwordScheme,
                    "missing: the table \(Printable.text(mapping.table)) holds no hash of a known format to go by; name the scheme that the app reads, or a users.preset"
                )
            }
            fallbacks[Key.passwordScheme.name] = scheme
        }
        return with(fallbacks: fallbacks)
    }
}

extension Settings.Users {
    /// Opens where accounts live and checks that it is as configured; nil if that is our own store. Blocks the thread.
    func open(databasePath: String) throws(ConfigurationRefused) -> (any ForeignSource)? {
        let (path, mapping): (String, MappingText)
        switch self {
        case .own: return nil
        case .http(let app): return try app.source()
        case .table(let file, let text): (path, mapping) = (file, text)
        }
        guard path != databasePath else {
            throw ConfigurationRefused(.usersDatabasePath, "must be another file than database.path")
        }
        do { return try SQLiteUsers(path: path, mapping: mapping, clock: .system) } catch {
            throw ConfigurationRefused(error)
        }
    }
}

extension Settings {
    /// Our store beside the app's accounts.
    func foreign(_ store: any Store, _ source: any ForeignSource, log: Log) throws(ConfigurationRefused) -> any Store {
        guard let secrets else {
            throw ConfigurationRefused(
                .secretsStandard, "missing: what is written about the app's accounts is keyed with it")
        }
        let (withoutPassword, several): (MappingText.NoPassword, MappingText.Several)
        switch users {
        case .table(_, let mapping): (withoutPassword, several) = (mapping.withoutPassword, mapping.several)
        case .http(let app): (withoutPassword, several) = (app.withoutPassword, app.several)
        case .own: return store
        }
        guard let records = store.foreignRecords else {
            throw ConfigurationRefused(.usersSource, "this store cannot stand beside accounts that live elsewhere")
        }
        let accounts = ForeignAccounts(
            source, records: records, digests: HashDigests(secrets: secrets), withoutPassword: withoutPassword,
            several: several, clock: .system)
        return ForeignStore(store, accounts, source: source, log: log)
    }
}

extension Settings.Users.App {
    /// With event loops of its own: commands have none.
    fileprivate func source() throws(ConfigurationRefused) -> AppUsers {
        try NamedFiles.checkTrust(caFile, .usersHTTPCAFile)
        var options = HTTPClientOptions.standard
        options.connectionsMax = 32
        options.totalLimit = AppUsers.callLimit
        options.firstByteLimit = AppUsers.callLimit
        options.responseBytesMax = AppUsers.answerBytesMax
        let loops: EventLoops
        do { loops = try EventLoops(count: 1) } catch {
            throw ConfigurationRefused(.usersHTTPURL, "cannot start: \(error)")
        }
        let client = HTTPClient(
            to: origin, trust: caFile.map { .file(path: $0) } ?? .system, loops: loops, options: options)
        return AppUsers(
            client: client, path: path, secrets: secrets, sends: sends, clock: .system,
            ended: {
                Task {
                    await client.shutDown()
                    await loops.shutDown()
                }
            })
    }
}
