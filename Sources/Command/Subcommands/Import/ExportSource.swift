import ArgumentParser
import StrictJSON

/// Systems whose exports are read as they are: each says which of its members or columns mean what.
enum ExportSource: String, CaseIterable, Sendable, ExpressibleByArgument {
    case auth0, firebase, keycloak, clerk, supabase, wordpress, laravel

    var words: String {
        switch self {
        case .auth0: "Auth0"
        case .firebase: "Firebase"
        case .keycloak: "Keycloak"
        case .clerk: "Clerk"
        case .supabase: "Supabase"
        case .wordpress: "WordPress"
        case .laravel: "Laravel"
        }
    }

    /// - Parameter names: of members or columns, as ``ImportField/normal(_:)`` spells them.
    /// - Returns: nil unless they are certain.
    static func recognised(by names: Set<String>) -> ExportSource? {
        if names.contains("custom_password_hash") || names.isSuperset(of: ["user_id", "email_verified"]) {
            return .auth0
        }
        if names.isSuperset(of: ["_id", "email_verified", "passwordhash"]) { return .auth0 }
        if names.contains("localid"),
            names.contains("email") || names.contains("providerinfo") || names.contains("provideruserinfo")
        {
            return .firebase
        }
        if names.contains("username"), names.contains("emailverified"),
            names.contains("credentials") || names.contains("enabled")
        {
            return .keycloak
        }
        if names.isSuperset(of: ["primary_email_address", "password_digest"]) { return .clerk }
        if names.isSuperset(of: ["email", "encrypted_password", "email_confirmed_at"]) { return .supabase }
        if names.isSuperset(of: ["user_email", "user_pass"]) { return .wordpress }
        if names.isSuperset(of: ["email", "password", "email_verified_at"]) { return .laravel }
        return nil
    }

    /// - Returns: nil if the account has no address: it cannot be asked for a link.
    func values(of account: ExportedAccount, _ parameters: FirebaseParameters?) throws(RowRefused) -> ImportRow.Values?
    {
        var values =
            switch self {
            case .auth0: try Self.auth0(account)
            case .firebase: try Self.firebase(account, parameters)
            case .keycloak: try Self.keycloak(account)
            case .clerk: try Self.clerk(account)
            case .supabase: try Self.supabase(account)
            case .wordpress:
                try account.values(email: ["user_email"], hash: ["user_pass"], verified: [], id: ["id"])
            case .laravel:
                try account.values(
                    email: ["email"], hash: ["password"], verified: ["email_verified_at"], id: ["id"])
            }
        if self == .laravel, try account.text("deleted_at")?.isEmpty == false { values.disabled = "true" }
        return values.email?.isEmpty == false ? values : nil
    }

    private static func auth0(_ account: ExportedAccount) throws(RowRefused) -> ImportRow.Values {
        var values = try account.values(
            email: ["email"], hash: ["passwordhash", "password_hash"], verified: ["email_verified"],
            id: ["user_id", "_id"])
        values.verified = values.verified ?? ""
        values.disabled = try account.text("blocked")
        if let custom = account["custom_password_hash"], let hash = custom["hash"]?["value"]?.stringValue {
            // Formats that do not name themselves stay opaque: with what belongs to the hash, so that nothing is lost.
            let algorithm = custom["algorithm"]?.stringValue ?? ""
            let names = ["bcrypt", "argon2", "pbkdf2", "ldap", "scrypt"]
            let salt = custom["salt"]?["value"]?.stringValue ?? ""
            values.passwordHash =
                names.contains(algorithm) && (hash.hasPrefix("$") || hash.hasPrefix("{"))
                ? hash : "auth0:\(algorithm):\(salt):\(hash)"
        }
        return values
    }

    private static func firebase(_ account: ExportedAccount, _ parameters: FirebaseParameters?) throws(RowRefused)
        -> ImportRow.Values
    {
        var values = try account.values(
            email: ["email"], hash: ["passwordhash"], verified: ["emailverified"], id: ["localid"])
        values.verified = values.verified ?? ""
        values.disabled = try account.text("disabled")
        if let hash = values.passwordHash, !hash.isEmpty {
            let salt = FirebaseParameters.base64(try account.text("salt") ?? "")
            let hash = FirebaseParameters.base64(hash)
            // Without the parameters nothing can be checked against it, but an import with them finds all it needs.
            values.passwordHash = parameters.map { "\($0.prefix)$\(salt)$\(hash)" } ?? "firebase-scrypt:\(salt):\(hash)"
        }
        return values
    }

    private static func keycloak(_ account: ExportedAccount) throws(RowRefused) -> ImportRow.Values {
        var values = try account.values(email: ["email"], hash: [], verified: ["emailverified"], id: ["id"])
        values.verified = values.verified ?? ""
        if try account.text("enabled").flatMap(ImportTruth.read) == false { values.disabled = "true" }
        let credentials = account["credentials"]?.arrayValue ?? []
        values.passwordHash = credentials.lazy.compactMap(KeycloakCredential.text).first ?? ""
        return values
    }

    private static func clerk(_ account: ExportedAccount) throws(RowRefused) -> ImportRow.Values {
        var values = try account.values(
            email: ["primary_email_address"], hash: ["password_digest"], verified: [], id: ["id"])
        let email = values.email.map(ImportField.normal) ?? ""
        let verified = try account.text("verified_email_addresses") ?? ""
        let isVerified = verified.utf8.split {
            $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "|") || $0 == UInt8(ascii: ";")
        }
        .contains { ImportField.normal(String($0) ?? "").utf8.elementsEqual(email.utf8) }
        values.verified = isVerified ? "true" : ""
        if try account.text("banned").flatMap(ImportTruth.read) == true { values.disabled = "true" }
        return values
    }

    private static func supabase(_ account: ExportedAccount) throws(RowRefused) -> ImportRow.Values {
        var values = try account.values(
            email: ["email"], hash: ["encrypted_password"], verified: ["email_confirmed_at", "confirmed_at"], id: ["id"]
        )
        values.verified = values.verified ?? ""
        for name in ["banned_until", "deleted_at"] where try account.text(name)?.isEmpty == false {
            values.disabled = "true"
        }
        return values
    }
}

/// One account of an export: the members of an object, or the cells of a record under their columns.
struct ExportedAccount {
    private let members: [(name: String, value: JSON)]

    init(_ members: [JSON.Member]) { self.members = members.map { (ImportField.normal($0.name), $0.value) } }

    var names: Set<String> { Set(members.map(\.name)) }

    subscript(name: String) -> JSON? { members.first { $0.name == name }?.value }

    /// A text, a number as it is written, true or false; empty for null; nil if there is no such member.
    func text(_ name: String) throws(RowRefused) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.importText else { throw RowRefused("\(name) has the wrong type") }
        return text
    }

    /// - Parameters: the names that are looked for, the first that is there counts.
    func values(
        email: [String], hash: [String], verified: [String], id: [String]
    ) throws(RowRefused) -> ImportRow.Values {
        func first(_ names: [String]) throws(RowRefused) -> String? {
            for name in names { if let text = try text(name) { return text } }
            return nil
        }
        return ImportRow.Values(
            email: try first(email), passwordHash: try first(hash), verified: try first(verified),
            externalID: try first(id))
    }
}

extension JSON {
    /// A text without blanks around it, a number as it is written, true or false; empty for null; of MongoDB's `{"$oid": …}` and
    /// `{"$date": …}` what is inside; nil for other lists and objects.
    var importText: String? {
        switch self {
        case .null: ""
        case .bool(let flag): flag ? "true" : "false"
        case .number(let text): text
        case .string(let text): withoutOuterBlanks(text)
        case .array: nil
        case .object(let members):
            members.count == 1 && ["$oid", "$date", "$numberLong"].contains(members[0].name)
                ? members[0].value.importText : nil
        }
    }
}

/// A credential of Keycloak's as text: PHC for PBKDF2 and Argon2.
enum KeycloakCredential {
    private static let hashes = [
        "pbkdf2": "pbkdf2-sha1", "pbkdf2-sha1": "pbkdf2-sha1", "pbkdf2-sha256": "pbkdf2-sha256",
        "pbkdf2-sha512": "pbkdf2-sha512",
    ]

    static func text(_ credential: JSON) -> String? {
        guard credential["type"]?.stringValue == "password" else { return nil }
        let secret = inner(credential["secretData"]), data = inner(credential["credentialData"])
        let value = secret?["value"]?.stringValue ?? credential["hashedSaltedValue"]?.stringValue
        let salt = secret?["salt"]?.stringValue ?? credential["salt"]?.stringValue
        let algorithm = (data ?? credential)["algorithm"]?.stringValue
        let iterations = (data ?? credential)["hashIterations"]?.integerValue
        guard let value, let salt, let algorithm, let iterations, iterations > 0 else { return nil }
        if algorithm == "argon2" { return argon2(data?["additionalParameters"], iterations, salt, value) }
        guard let name = hashes[algorithm] else { return "keycloak:\(algorithm):\(iterations):\(salt):\(value)" }
        return "$\(name)$i=\(iterations),l=\(byteCount(value))$\(unpadded(salt))$\(unpadded(value))"
    }

    private static func argon2(_ parameters: JSON?, _ iterations: Int64, _ salt: String, _ value: String) -> String? {
        func one(_ name: String) -> String? { parameters?[name]?.arrayValue?.first?.stringValue }
        guard let memory = one("memory"), let lanes = one("parallelism") else { return nil }
        let version = one("version") == "1.0" ? "16" : "19"
        return
            "$argon2\(one("type") ?? "id")$v=\(version)$m=\(memory),t=\(iterations),p=\(lanes)$\(unpadded(salt))$\(unpadded(value))"
    }

    /// JSON inside a text, or plain JSON.
    private static func inner(_ value: JSON?) -> JSON? {
        guard let text = value?.stringValue else { return value?.objectValue == nil ? nil : value }
        return try? JSON(parsing: Array(text.utf8))
    }

    private static func unpadded(_ base64: String) -> String {
        String(decoding: base64.utf8.filter { $0 != UInt8(ascii: "=") }, as: UTF8.self)
    }

    private static func byteCount(_ base64: String) -> Int { unpadded(base64).utf8.count * 3 / 4 }
}
