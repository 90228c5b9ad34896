import Cryptography
import HTTP
import HTTPClient
import HTTPServer
import Keyturn
import Mailroom
import PasswordHashing

/// Turns raw values into typed ones; each refusal names its key.
struct Values {
    let layers: Layers

    init(_ layers: Layers) { self.layers = layers }

    // MARK: One value of a kind

    func text(_ key: Key) throws(ConfigurationRefused) -> String {
        guard let text = try optionalText(key) else { throw ConfigurationRefused(key, "missing") }
        return text
    }

    /// An empty text counts as none: that is how an environment says so.
    func optionalText(_ key: Key) throws(ConfigurationRefused) -> String? {
        guard let raw = layers.raw(key)?.value else { return nil }
        guard case .text(let text) = raw else { throw wrongKind(key) }
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw ConfigurationRefused(key, "contains a control character")
        }
        return text.isEmpty ? nil : text
    }

    func integer(_ key: Key, in range: ClosedRange<Int>) throws(ConfigurationRefused) -> Int {
        guard let value = try optionalInteger(key, in: range) else { throw ConfigurationRefused(key, "missing") }
        return value
    }

    func optionalInteger(_ key: Key, in range: ClosedRange<Int>) throws(ConfigurationRefused) -> Int? {
        let number: Int64?
        switch layers.raw(key)?.value {
        case nil: return nil
        case .integer(let integer): number = integer
        case .text(let text): number = Units.integer(text)
        default: number = nil
        }
        guard let number else { throw wrongKind(key) }
        guard let value = Int(exactly: number), range.contains(value) else {
            throw ConfigurationRefused(key, "must be between \(range.lowerBound) and \(range.upperBound)")
        }
        return value
    }

    func boolean(_ key: Key) throws(ConfigurationRefused) -> Bool {
        switch layers.raw(key)?.value {
        case .boolean(let value): return value
        case .text("true"): return true
        case .text("false"): return false
        default: throw wrongKind(key)
        }
    }

    func optionalBoolean(_ key: Key) throws(ConfigurationRefused) -> Bool? {
        guard let value = layers.raw(key)?.value, value != .text("") else { return nil }
        return try boolean(key)
    }

    func list(_ key: Key) throws(ConfigurationRefused) -> [String] {
        guard let (value, source) = layers.raw(key) else { return [] }
        switch value {
        case .list(let list): return list
        case .text(let text):
            // A credential holds one a line, as a file of secrets does.
            let end = source == .credential ? 0x0A : UInt8(ascii: ",")
            return text.utf8.split(separator: end).map { trimmed(String(Substring($0))) }.filter { !$0.isEmpty }
        default: throw wrongKind(key)
        }
    }

    func duration(_ key: Key, in range: ClosedRange<Duration>) throws(ConfigurationRefused) -> Duration {
        guard case .text(let text) = layers.raw(key)?.value, let value = Units.duration(text) else {
            throw wrongKind(key)
        }
        guard range.contains(value) else {
            throw ConfigurationRefused(
                key, "must be between \(Units.text(range.lowerBound)) and \(Units.text(range.upperBound))")
        }
        return value
    }

    func rate(_ key: Key) throws(ConfigurationRefused) -> (count: Int, per: Duration) {
        guard case .text(let text) = layers.raw(key)?.value, let value = Units.rate(text) else { throw wrongKind(key) }
        return value
    }

    func choice(_ key: Key, of choices: [String]) throws(ConfigurationRefused) -> String {
        let value = try text(key)
        guard choices.contains(value) else {
            throw ConfigurationRefused(key, "must be one of \(choices.joined(separator: ", "))")
        }
        return value
    }

    func port(_ key: Key) throws(ConfigurationRefused) -> UInt16 { UInt16(try integer(key, in: 0...65_535)) }

    private func wrongKind(_ key: Key) -> ConfigurationRefused {
        ConfigurationRefused(key, "must be \(key.kind.words)")
    }

    func trimmed(_ text: String) -> String {
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D || $0 == 0x0A }
        let bytes = Array(text.utf8.drop(while: isBlank))
        let count = bytes.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? 0
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    // MARK: Values with a form of their own

    /// Scheme, host and port, and perhaps a path that all pages and links live below. A slash at the end is dropped.
    func publicURL() throws(ConfigurationRefused) -> String? {
        guard let text = try optionalText(.publicURL) else { return nil }
        let bare = text.hasSuffix("/") ? String(text.dropLast()) : text
        guard let (origin, path) = Values.split(bare), Values.isOrigin(origin), Values.isPlainPath(path) else {
            throw ConfigurationRefused(
                .publicURL,
                """
                must be http:// or https:// and a host, perhaps with a path, such as https://example.com/account: letters, digits, \
                - . _ ~ between single slashes, no segment . or .., no %, no query and no fragment
                """)
        }
        guard bare.utf8.count <= ResetLinks.issuerLimitBytes else {
            throw ConfigurationRefused(
                .publicURL, "is longer than \(ResetLinks.issuerLimitBytes) bytes, which makes links too long")
        }
        return bare
    }

    /// What stands before the first slash behind the scheme, and what follows.
    private static func split(_ url: String) -> (origin: String, path: String)? {
        guard let scheme = url.firstRange(of: "://") else { return nil }
        let slash = url[scheme.upperBound...].utf8.firstIndex(of: UInt8(ascii: "/")) ?? url.endIndex
        return (String(url[..<slash]), String(url[slash...]))
    }

    /// Empty, or segments of unreserved characters (RFC 3986 §2.3), each after one slash.
    private static func isPlainPath(_ path: String) -> Bool {
        path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst().allSatisfy {
            segment in
            !segment.isEmpty && !segment.elementsEqual(".".utf8) && !segment.elementsEqual("..".utf8)
                && segment.allSatisfy { byte in
                    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                        || "-._~".utf8.contains(byte)
                }
        }
    }

    func origins() throws(ConfigurationRefused) -> [String] {
        let origins = try list(.allowedOrigins)
        for origin in origins where !Values.isOrigin(origin) {
            throw ConfigurationRefused(.allowedOrigins, "each must be an origin such as https://app.example.com")
        }
        return origins
    }

    func networks() throws(ConfigurationRefused) -> [CIDR] {
        let list = try list(.trustedProxies)
        let networks = list.compactMap { CIDR(parsing: $0) }
        guard networks.count == list.count else {
            throw ConfigurationRefused(.trustedProxies, "each must be a network such as 10.0.0.0/8 or ::1/128")
        }
        return networks
    }

    func tls() throws(ConfigurationRefused) -> (certificate: String, key: String)? {
        switch (try optionalText(.tlsCertificate), try optionalText(.tlsKey)) {
        case (nil, nil): return nil
        case (let certificate?, let key?): return (certificate, key)
        default: throw ConfigurationRefused("server.tls.certificate and server.tls.key: set both or neither")
        }
    }

    /// What one connection may ask for, and how many there may be.
    func connectionLimits() throws(ConfigurationRefused) -> HTTPServerLimits {
        var limits = HTTPServerLimits()
        limits.connections = try integer(.connections, in: 1...1_000_000)
        limits.connectionsPerClient = try integer(.connectionsPerClient, in: 1...1_000_000)
        limits.requestsPerConnection = try integer(.requestsPerConnection, in: 1...1_000_000_000)
        limits.requestLineBytes = try integer(.requestLineBytes, in: 1024...65_536)
        limits.headBytes = try integer(.headBytes, in: 4096...1_048_576)
        limits.fieldBytes = try integer(.fieldBytes, in: 1024...1_048_576)
        limits.fields = try integer(.fields, in: 16...1000)
        limits.bodyBytes = try integer(.bodyBytes, in: 4096...1_048_576)
        let times: ClosedRange<Duration> = .milliseconds(100) ... .seconds(3600)
        limits.headDeadline = try duration(.headDeadline, in: times)
        limits.bodyDeadline = try duration(.bodyDeadline, in: times)
        limits.bodyBytesPerSecond = try integer(.bodyBytesPerSecond, in: 1...1_000_000_000)
        limits.idle = try duration(.idle, in: times)
        limits.writeDeadline = try duration(.writeDeadline, in: times)
        return limits
    }

    /// How `config.example.json` marks what must be replaced.
    static let placeholder = "replace-me"

    func secrets(readFile: (String) throws -> [UInt8]) throws(ConfigurationRefused) -> Secrets? {
        var texts = try list(.secretsStandard)
        var key = Key.secretsStandard
        if texts.isEmpty, let path = try optionalText(.secretsFile) {
            key = .secretsFile
            texts = try lines(of: path, key, readFile)
        }
        if texts.isEmpty { return nil }
        for text in texts where text.utf8.count < 32 {
            throw ConfigurationRefused(
                key, "each secret needs at least 32 bytes: generate one with `keyturn secret generate`")
        }
        // Long enough, and known to everybody who has read the example.
        for text in texts where text.utf8.starts(with: Values.placeholder.utf8) {
            throw ConfigurationRefused(
                key, "is still the value of the example: generate your own with `keyturn secret generate`")
        }
        for text in texts where Set(text.utf8).count < 8 {
            throw ConfigurationRefused(
                key, "a secret with so few different characters is weak: generate one with `keyturn secret generate`")
        }
        return Secrets(texts.map { Array($0.utf8) })
    }

    /// Secrets, one a line; at least one.
    func lines(
        of path: String, _ key: Key, _ readFile: (String) throws -> [UInt8]
    ) throws(ConfigurationRefused) -> [String] {
        let text = try text(of: path, key, readFile)
        let lines = text.utf8.split(separator: 0x0A).map { trimmed(String(Substring($0))) }.filter { !$0.isEmpty }
        if lines.isEmpty { throw ConfigurationRefused(key, "contains no secret") }
        return lines
    }

    func text(
        of path: String, _ key: Key, _ readFile: (String) throws -> [UInt8]
    ) throws(ConfigurationRefused) -> String {
        let bytes: [UInt8]
        do { bytes = try readFile(path) } catch { throw ConfigurationRefused(key, "cannot read \(error)") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationRefused(key, "\(Printable.text(path)) is not UTF-8 text")
        }
        return text
    }

    func app(readFile: (String) throws -> [UInt8]) throws(ConfigurationRefused) -> Settings.App? {
        let maximumAge = try webhookMaximumAge()
        guard let url = try optionalText(.webhookURL) else { return nil }
        guard let (origin, path) = Values.place(url) else {
            throw ConfigurationRefused(
                .webhookURL, "must be https://host[:port]/path; http:// is allowed for this machine only")
        }
        guard let secrets = try webhookSecrets(.webhookSecret, .webhookSecretFile, readFile: readFile) else {
            throw ConfigurationRefused(
                .webhookSecret, "missing: generate one with `keyturn secret generate --webhook`")
        }
        return try Settings.App(
            origin: origin, path: path, secrets: secrets, caFile: optionalText(.webhookCAFile), maximumAge: maximumAge)
    }

    /// Secrets of Standard Webhooks: the list, or the lines of the file.
    /// - Returns: nil if neither is set.
    func webhookSecrets(
        _ listKey: Key, _ fileKey: Key, readFile: (String) throws -> [UInt8]
    ) throws(ConfigurationRefused) -> WebhookSecrets? {
        var (texts, key) = (try list(listKey), listKey)
        if texts.isEmpty, let path = try optionalText(fileKey) {
            (texts, key) = (try lines(of: path, fileKey, readFile), fileKey)
        }
        if texts.isEmpty { return nil }
        guard let secrets = WebhookSecrets(texts) else {
            throw ConfigurationRefused(
                key,
                "each must be whsec_ and base64 of 24 to 64 bytes, and there may be \(WebhookSecrets.countMax) at most: generate one with `keyturn secret generate --webhook`"
            )
        }
        return secrets
    }

    func webhookMaximumAge() throws(ConfigurationRefused) -> Duration {
        try duration(.webhookMaximumAge, in: .seconds(1) ... .seconds(30 * 86_400))
    }

    /// A server and a path on it, byte for byte as they stand: to some apps a slash at the end makes another path.
    static func place(_ url: String) -> (Origin, path: String)? {
        guard let scheme = ["https://", "http://"].first(where: { url.utf8.starts(with: $0.utf8) }) else { return nil }
        let authority = url.utf8.dropFirst(scheme.utf8.count).prefix { $0 != UInt8(ascii: "/") }
        let path = url.utf8.dropFirst(scheme.utf8.count + authority.count)
        guard let origin = Origin(parsing: scheme + String(Substring(authority))),
            path.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") })
        else { return nil }
        return (origin, path.isEmpty ? "/" : String(Substring(path)))
    }

    func passwords(readFile: (String) throws -> [UInt8]) throws(ConfigurationRefused) -> Settings.Passwords {
        let scheme = try scheme()
        // What could not be verified again must not be written: the limits are those of stored strings.
        guard scheme.isWithinLimits else {
            throw ConfigurationRefused(
                .passwordScheme, "the configured cost takes more than 256 MiB or about two seconds per hash")
        }
        let minimum = try integer(.minimumLength, in: 8...256)
        return try Settings.Passwords(
            scheme: scheme, minimumLength: minimum,
            maximumLength: integer(.maximumLength, in: max(minimum, 64)...1024),
            blocklistFile: optionalText(.blocklistFile), treatment: treatment(readFile: readFile),
            rehashes: boolean(.rehash), check: passwordCheck())
    }

    private func scheme() throws(ConfigurationRefused) -> NewPasswordScheme {
        let cost = try Scrypt.Cost(
            logN: integer(.scryptLogN, in: 1...18), r: integer(.scryptR, in: 1...64), p: integer(.scryptP, in: 1...64))
        switch try choice(.passwordScheme, of: NewPasswordScheme.names) {
        case "argon2id":
            guard Argon2.isAvailable else {
                throw ConfigurationRefused(.passwordScheme, "argon2id needs \(Argon2.libraryWords)")
            }
            return try .argon2id(
                Argon2.Cost(
                    memoryKiB: integer(.argon2MemoryKiB, in: 8...262_144), passes: integer(.argon2Passes, in: 1...1000),
                    lanes: integer(.argon2Lanes, in: 1...64)))
        case "bcrypt": return .bcrypt(cost: try integer(.bcryptCost, in: 4...15))
        case "bcrypt-2a": return .bcrypt(cost: try integer(.bcryptCost, in: 4...15), as: .a)
        case "bcrypt-2y": return .bcrypt(cost: try integer(.bcryptCost, in: 4...15), as: .y)
        case "wordpress-bcrypt": return .wordPressBCrypt(cost: try integer(.bcryptCost, in: 4...15))
        case "aspnet-identity-v3":
            return .aspNetIdentity(iterations: try integer(.aspNetIterations, in: 1...2_000_000))
        case "django-pbkdf2-sha256":
            return .djangoPBKDF2SHA256(iterations: try integer(.pbkdf2Iterations, in: 1...4_000_000))
        case "django-scrypt": return .djangoScrypt(cost)
        case "werkzeug-scrypt": return .werkzeugScrypt(cost)
        default: return .scrypt(cost)
        }
    }

    func mail(readFile: (String) throws -> [UInt8]) throws(ConfigurationRefused) -> Settings.Mail {
        let provider = try optionalText(.mailProvider)
        if provider != nil { _ = try choice(.mailProvider, of: Settings.Provider.allCases.map(\.rawValue)) }
        guard let origin = Origin(parsing: try text(.sendGridURL)) else {
            throw ConfigurationRefused(
                .sendGridURL, "must be https://host[:port]; http:// is allowed for this machine only")
        }
        return try Settings.Mail(
            provider: provider.flatMap(Settings.Provider.init),
            fromEmail: address(.fromEmail), fromName: optionalText(.fromName), apiKey: apiKey(readFile: readFile),
            baseURL: origin,
            caFile: optionalText(.sendGridCAFile),
            proxy: proxy(to: origin), bypassSuppressions: boolean(.bypassSuppressions),
            replyTo: address(.sendGridReplyTo), categories: categories(), templateID: template(),
            eventsKey: eventsKey(),
            budget: MailBudget(
                interval: duration(.mailInterval, in: .milliseconds(1) ... .seconds(86_400)),
                burst: integer(.mailBurst, in: 1...1000)), parallel: integer(.mailParallel, in: 1...256))
    }

    private func address(_ key: Key) throws(ConfigurationRefused) -> String? {
        guard let text = try optionalText(key) else { return nil }
        guard let address = try? EmailAddress(parsing: text) else {
            throw ConfigurationRefused(key, "is not an email address")
        }
        return address.text
    }

    private func categories() throws(ConfigurationRefused) -> [String] {
        let categories = try list(.sendGridCategories)
        let ours = [
            "password-reset", "password-changed", "invitation", "password-expired", "email-changed", "test",
        ]
        guard categories.count <= SendGridOptions.categoriesMax,
            Set((categories + ours).map { Array($0.utf8) }).count == categories.count + ours.count,
            categories.allSatisfy({ category in
                (1...SendGridOptions.categoryBytesMax).contains(category.utf8.count)
                    && category.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
            })
        else {
            throw ConfigurationRefused(
                .sendGridCategories,
                "at most \(SendGridOptions.categoriesMax), each of 1 to \(SendGridOptions.categoryBytesMax) bytes, each only once "
                    + "and not \(ours.joined(separator: ", "))")
        }
        return categories
    }

    /// Dynamic templates have ids of their own shape; a legacy one would not get the link.
    private func template() throws(ConfigurationRefused) -> String? {
        guard let id = try optionalText(.sendGridTemplate) else { return nil }
        let digits = id.utf8.dropFirst(2)
        guard id.utf8.starts(with: "d-".utf8), digits.count == 32,
            digits.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else {
            throw ConfigurationRefused(
                .sendGridTemplate, "must be the id of a dynamic template: d- and 32 hexadecimal digits")
        }
        return id
    }

    private func eventsKey() throws(ConfigurationRefused) -> P256PublicKey? {
        guard let text = try optionalText(.sendGridEventsKey) else { return nil }
        guard let der = Base64.decode(trimmed(text).utf8), let key = P256PublicKey(der: der) else {
            throw ConfigurationRefused(
                .sendGridEventsKey, "is not the webhook's verification key as SendGrid shows it: one line of base64")
        }
        return key
    }

    /// This machine is never reached through a proxy, and whatever `mail.sendgrid.noProxy` names neither.
    private func proxy(to origin: Origin) throws(ConfigurationRefused) -> Proxy? {
        guard let text = try optionalText(.sendGridProxy), origin.isSecure, !origin.isLoopback,
            try !list(.sendGridNoProxy).contains(where: { Values.isExempt(origin, by: $0) })
        else { return nil }
        guard let proxy = Proxy(parsing: text) else {
            let source = layers.raw(.sendGridProxy).map { " (from \($0.source))" } ?? ""
            throw ConfigurationRefused(
                .sendGridProxy, "must be http://host:port, without user and password\(source)")
        }
        return proxy
    }

    /// `*`, an address, a network, or a name with all that is below it; a port behind it must be the same.
    static func isExempt(_ origin: Origin, by exemption: String) -> Bool {
        var name = exemption.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        if name == [UInt8(ascii: "*")] { return true }
        if let network = CIDR(parsing: exemption) {
            return IPAddress(parsing: origin.host).map { network.contains($0) } ?? false
        }
        if let colon = name.lastIndex(of: UInt8(ascii: ":")), name.firstIndex(of: UInt8(ascii: ":")) == colon {
            guard name[(colon + 1)...].elementsEqual(String(origin.port).utf8) else { return false }
            name.removeSubrange(colon...)
        }
        if name.first == UInt8(ascii: ".") { name.removeFirst() }
        let host = Array(origin.host.utf8)
        return !name.isEmpty && (host == name || host.suffix(name.count + 1).elementsEqual([UInt8(ascii: ".")] + name))
    }

    /// A line end behind the key is the commonest slip: it is cut, anything else that is not printable ASCII is refused.
    private func apiKey(readFile: (String) throws -> [UInt8]) throws(ConfigurationRefused) -> String? {
        if case .text(let raw) = layers.raw(.sendGridKey)?.value, !trimmed(raw).isEmpty {
            return try printable(raw, .sendGridKey)
        }
        guard let path = try optionalText(.sendGridKeyFile) else { return nil }
        let raw = try text(of: path, .sendGridKeyFile, readFile)
        guard !trimmed(raw).isEmpty else { throw ConfigurationRefused(.sendGridKeyFile, "contains no key") }
        return try printable(raw, .sendGridKeyFile)
    }

    private func printable(_ raw: String, _ key: Key) throws(ConfigurationRefused) -> String {
        let text = trimmed(raw)
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw ConfigurationRefused(key, "must be printable ASCII without spaces")
        }
        if text.hasSuffix(Values.placeholder) {
            throw ConfigurationRefused(
                key, "is still the value of the example: create a key in SendGrid's dashboard, under API Keys")
        }
        return text
    }

    /// `http` or `https`, a host and perhaps a port, as a browser writes an `Origin` (RFC 6454 §6.1).
    static func isOrigin(_ text: String) -> Bool {
        guard let scheme = ["https://", "http://"].first(where: { text.utf8.starts(with: $0.utf8) }) else {
            return false
        }
        var host = text.utf8.dropFirst(scheme.utf8.count)
        if let colon = host.lastIndex(of: UInt8(ascii: ":")), host.last != UInt8(ascii: "]") {
            guard let port = Units.integer(String(Substring(host[host.index(after: colon)...]))),
                (1...65_535).contains(port)
            else {
                return false
            }
            host = host[..<colon]
        }
        if host.first == UInt8(ascii: "[") {
            return host.last == UInt8(ascii: "]")
                && IPAddress(parsing: String(Substring(host.dropFirst().dropLast())))?.bytes.count == 16
        }
        let isPlain: (UInt8) -> Bool = { byte in
            (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D
                || byte == 0x2E
        }
        return !host.isEmpty && host.count <= 253 && host.allSatisfy(isPlain)
    }
}
