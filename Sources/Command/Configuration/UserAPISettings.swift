import HTTP
import Keyturn

extension Settings {
    /// The app's way to the accounts, at the admin address.
    struct UserAPI: Sendable {
        /// At least one; any of them admits.
        let tokens: [String]
        /// Whether links are handed out.
        let handsOutLinks: Bool
    }
}

extension Values {
    /// nil without a token.
    func userAPI(readFile: (String) throws -> [UInt8]) throws(ConfigurationRefused) -> Settings.UserAPI? {
        let handsOutLinks = try boolean(.adminLinks)
        let isSecure = try adminTLS() != nil
        var (tokens, key) = (try list(.adminToken), Key.adminToken)
        if tokens.isEmpty, let path = try optionalText(.adminTokenFile) {
            (tokens, key) = (try lines(of: path, .adminTokenFile, readFile), .adminTokenFile)
        }
        guard !tokens.isEmpty else { return nil }
        for token in tokens {
            guard token.utf8.count >= Secrets.minimumBytes, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw ConfigurationRefused(
                    key,
                    "each token needs at least \(Secrets.minimumBytes) bytes of printable ASCII without spaces: generate one with `keyturn secret generate`"
                )
            }
            guard Set(token.utf8).count >= 8 else {
                throw ConfigurationRefused(
                    key,
                    "a token with so few different characters is weak: generate one with `keyturn secret generate`")
            }
            guard !token.utf8.starts(with: Values.placeholder.utf8) else {
                throw ConfigurationRefused(
                    key, "is still the value of the example: generate your own with `keyturn secret generate`")
            }
        }
        let host = try text(.adminHost)
        guard isSecure || Self.isThisMachine(host) else {
            throw ConfigurationRefused(
                """
                admin.host is \(Printable.text(host)): off this machine the user API needs admin.tls.certificate and \
                admin.tls.key, or else the token crosses the network in the clear
                """)
        }
        return Settings.UserAPI(tokens: tokens, handsOutLinks: handsOutLinks)
    }

    func adminTLS() throws(ConfigurationRefused) -> (certificate: String, key: String)? {
        switch (try optionalText(.adminCertificate), try optionalText(.adminKey)) {
        case (nil, nil): return nil
        case (let certificate?, let key?): return (certificate, key)
        default: throw ConfigurationRefused("admin.tls.certificate and admin.tls.key: set both or neither")
        }
    }

    /// A host that is no address is refused where it is listened on.
    private static func isThisMachine(_ host: String) -> Bool {
        let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        guard let bytes = IPAddress(parsing: bare)?.bytes else { return true }
        return bytes.count == 4 ? bytes[0] == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1]
    }
}
