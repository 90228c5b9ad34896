/// One thing that can be configured: its name in the file, how it is written, and what stands where nobody says.
struct Key: Sendable {
    enum Kind: Sendable { case text, integer, boolean, list, duration, rate, path }

    /// Dotted, as it nests in the file: `server.publicURL`.
    let name: String
    /// A relative path of the file, or a default, belongs to the folder of the configuration file; one of a flag or the environment
    /// to the working directory.
    let kind: Kind
    /// As one would write it in the environment; nil where there is none.
    let fallback: String?
    /// Its value is never shown.
    let isSecret: Bool
    /// Other environment variables that are looked at after our own.
    let aliases: [String]

    init(_ name: String, _ kind: Kind, _ fallback: String? = nil, isSecret: Bool = false, aliases: [String] = []) {
        (self.name, self.kind, self.fallback, self.isSecret, self.aliases) = (name, kind, fallback, isSecret, aliases)
    }

    /// `KEYTURN_SERVER_PUBLIC_URL`: a word begins at each capital that follows a small letter or a digit.
    var variable: String {
        var text = "KEYTURN_"
        var previous: UInt8 = 0
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "."): text += "_"
            case 0x41...0x5A where (0x61...0x7A).contains(previous) || (0x30...0x39).contains(previous):
                text += "_" + String(UnicodeScalar(byte))
            case 0x61...0x7A: text.unicodeScalars.append(UnicodeScalar(byte - 0x20))
            default: text.unicodeScalars.append(UnicodeScalar(byte))
            }
            previous = byte
        }
        return text
    }
}

extension Key {
    static let host = Key("server.host", .text, "127.0.0.1")
    static let port = Key("server.port", .integer, "8080")
    static let publicURL = Key("server.publicURL", .text)
    static let allowedOrigins = Key("server.allowedOrigins", .list, "")
    static let trustedProxies = Key("server.trustedProxies", .list, "")
    static let threads = Key("server.threads", .integer)
    static let shutdownGrace = Key("server.shutdownGrace", .duration, "10s")
    static let tlsCertificate = Key("server.tls.certificate", .path)
    static let tlsKey = Key("server.tls.key", .path)
    static let unixSocket = Key("server.unixSocket", .path)
    static let connections = Key("server.limits.connections", .integer, "10000")
    static let connectionsPerClient = Key("server.limits.connectionsPerClient", .integer, "1000")
    static let requestsPerConnection = Key("server.limits.requestsPerConnection", .integer, "1000000000")
    static let requestLineBytes = Key("server.limits.requestLineBytes", .integer, "8192")
    static let headBytes = Key("server.limits.headBytes", .integer, "32768")
    static let fieldBytes = Key("server.limits.fieldBytes", .integer, "8192")
    static let fields = Key("server.limits.fields", .integer, "100")
    static let bodyBytes = Key("server.limits.bodyBytes", .integer, "65536")
    static let headDeadline = Key("server.limits.headDeadline", .duration, "10s")
    static let bodyDeadline = Key("server.limits.bodyDeadline", .duration, "15s")
    static let bodyBytesPerSecond = Key("server.limits.bodyBytesPerSecond", .integer, "4096")
    static let idle = Key("server.limits.idle", .duration, "30s")
    static let writeDeadline = Key("server.limits.writeDeadline", .duration, "15s")
    static let adminHost = Key("admin.host", .text, "127.0.0.1")
    static let adminPort = Key("admin.port", .integer, "9090")
    static let adminToken = Key("admin.token", .list, isSecret: true)
    static let adminTokenFile = Key("admin.tokenFile", .path)
    static let adminCertificate = Key("admin.tls.certificate", .path)
    static let adminKey = Key("admin.tls.key", .path)
    static let adminLinks = Key("admin.links", .boolean, "false")
    static let databasePath = Key("database.path", .path, "keyturn.sqlite")
    static let usersSource = Key("users.source", .text, "own")
    static let usersPreset = Key("users.preset", .text)
    static let usersDatabasePath = Key("users.database.path", .path)
    static let usersDatabaseURL = Key("users.database.url", .text, isSecret: true)
    static let usersDatabaseURLFile = Key("users.database.urlFile", .path)
    static let usersTable = Key("users.table", .text)
    static let usersID = Key("users.id", .text)
    static let usersEmail = Key("users.email", .text)
    static let usersHash = Key("users.hash", .text)
    static let usersMayReset = Key("users.mayReset", .list)
    static let usersVerified = Key("users.verified", .list)
    static let usersNoPassword = Key("users.noPassword", .list)
    static let usersWithoutPassword = Key("users.withoutPassword", .text)
    static let usersOnReset = Key("users.onReset", .list)
    static let usersDelete = Key("users.delete", .list)
    static let usersSeveral = Key("users.several", .text)
    static let usersHTTPURL = Key("users.http.url", .text)
    static let usersHTTPSecret = Key("users.http.secret", .text, isSecret: true)
    static let usersHTTPSecretFile = Key("users.http.secretFile", .path)
    static let usersHTTPCAFile = Key("users.http.caFile", .path)
    static let usersHTTPSends = Key("users.http.sends", .text)

    /// Where accounts live if not in our own store.
    static let users: [Key] = [
        usersSource, usersPreset, usersDatabasePath, usersDatabaseURL, usersDatabaseURLFile, usersTable, usersID,
        usersEmail, usersHash, usersMayReset, usersVerified, usersNoPassword, usersWithoutPassword, usersOnReset,
        usersDelete, usersSeveral, usersHTTPURL, usersHTTPSecret, usersHTTPSecretFile, usersHTTPCAFile,
        usersHTTPSends,
    ]

    static let secretsStandard = Key("secrets.standard", .list, isSecret: true)
    static let secretsFile = Key("secrets.file", .path)
    static let resetLifetime = Key("tokens.resetLifetime", .duration, "30m")
    static let inviteLifetime = Key("tokens.inviteLifetime", .duration, "7d")
    static let sessionLifetime = Key("tokens.sessionLifetime", .duration, "1h")
    static let passwordScheme = Key("passwords.scheme", .text, "scrypt")
    static let scryptLogN = Key("passwords.scrypt.logN", .integer, "14")
    static let scryptR = Key("passwords.scrypt.r", .integer, "8")
    static let scryptP = Key("passwords.scrypt.p", .integer, "5")
    static let argon2MemoryKiB = Key("passwords.argon2.memory", .integer, "19456")
    static let argon2Passes = Key("passwords.argon2.passes", .integer, "2")
    static let argon2Lanes = Key("passwords.argon2.lanes", .integer, "1")
    static let bcryptCost = Key("passwords.bcrypt.cost", .integer, "12")
    static let pbkdf2Iterations = Key("passwords.pbkdf2.iterations", .integer, "1000000")
    static let aspNetIterations = Key("passwords.aspnet.iterations", .integer, "210000")
    static let pepper = Key("passwords.pepper", .text, isSecret: true)
    static let pepperFile = Key("passwords.pepperFile", .path)
    static let trim = Key("passwords.trim", .boolean)
    static let escapeHTML = Key("passwords.escapeHTML", .boolean)
    static let rehash = Key("passwords.rehash", .boolean, "true")
    static let verifyURL = Key("passwords.verifyURL", .text)
    static let verifySecret = Key("passwords.verifySecret", .list, isSecret: true)
    static let minimumLength = Key("passwords.minimumLength", .integer, "15")
    static let maximumLength = Key("passwords.maximumLength", .integer, "256")
    static let blocklistFile = Key("passwords.blocklistFile", .path)
    static let mailProvider = Key("mail.provider", .text)
    static let captureDirectory = Key("mail.capture.directory", .path, "captured-mail")
    static let fromEmail = Key("mail.from.email", .text)
    static let fromName = Key("mail.from.name", .text)
    static let sendGridKey = Key("mail.sendgrid.apiKey", .text, isSecret: true, aliases: ["SENDGRID_API_KEY"])
    static let sendGridKeyFile = Key("mail.sendgrid.apiKeyFile", .path)
    static let sendGridURL = Key("mail.sendgrid.baseURL", .text, "https://api.sendgrid.com")
    static let sendGridCAFile = Key("mail.sendgrid.caFile", .path)
    static let bypassSuppressions = Key("mail.sendgrid.bypassSuppressions", .boolean, "true")
    static let sendGridReplyTo = Key("mail.sendgrid.replyTo", .text)
    static let sendGridCategories = Key("mail.sendgrid.categories", .list, "")
    static let sendGridTemplate = Key("mail.sendgrid.templateID", .text)
    static let sendGridEventsKey = Key("mail.sendgrid.eventsPublicKey", .text)
    static let sendGridProxy = Key("mail.sendgrid.proxy", .text, aliases: ["HTTPS_PROXY", "https_proxy"])
    static let sendGridNoProxy = Key("mail.sendgrid.noProxy", .list, "", aliases: ["NO_PROXY", "no_proxy"])
    static let mailInterval = Key("mail.perAccount.interval", .duration, "10m")
    static let mailBurst = Key("mail.perAccount.burst", .integer, "3")
    static let mailParallel = Key("mail.parallel", .integer, "8")
    static let clientRate = Key("limits.perClient.rate", .rate, "30/m")
    static let clientBurst = Key("limits.perClient.burst", .integer, "30")
    static let outboxCapacity = Key("outbox.capacity", .integer, "100000")
    static let outboxMaximumAge = Key("outbox.maximumAge", .duration, "1h")
    static let auditMaximumAge = Key("audit.maximumAge", .duration, "30d")
    static let webhookURL = Key("webhooks.url", .text)
    static let webhookSecret = Key("webhooks.secret", .list, isSecret: true)
    static let webhookSecretFile = Key("webhooks.secretFile", .path)
    static let webhookCAFile = Key("webhooks.caFile", .path)
    static let webhookMaximumAge = Key("webhooks.maximumAge", .duration, "3d")
    static let brandName = Key("brand.name", .text)
    static let brandLogo = Key("brand.logo", .path)
    static let brandLogoShowsName = Key("brand.logoShowsName", .boolean, "false")
    static let brandColor = Key("brand.color", .text)
    static let brandSupportURL = Key("brand.supportURL", .text)
    static let templatesDirectory = Key("templates.directory", .path)
    static let loginURL = Key("app.loginURL", .text)
    static let homeURL = Key("app.homeURL", .text)
    static let returnURLs = Key("app.returnURLs", .list, "")
    static let loginEnabled = Key("login.enabled", .boolean, "true")
    static let linksReset = Key("links.reset", .text)
    static let languagesOffered = Key("languages.offered", .list, "")
    static let languagesDefault = Key("languages.default", .text, "en")
    static let textsDirectory = Key("texts.directory", .path)
    static let logLevel = Key("log.level", .text, "info")
    static let logClients = Key("log.clients", .boolean, "false")
    static let logFormat = Key("log.format", .text, "logfmt")

    /// Every key there is, in the order of `config.example.json`.
    static let all: [Key] = general.flatMap { key in
        key.name == mailProvider.name ? [key] + Settings.Provider.keys : [key]
    }

    /// Those of no one mail provider.
    private static let general: [Key] = [
        host, port, publicURL, allowedOrigins, trustedProxies, threads, shutdownGrace, tlsCertificate, tlsKey,
        unixSocket, connections, connectionsPerClient, requestsPerConnection, requestLineBytes, headBytes, fieldBytes,
        fields, bodyBytes, headDeadline, bodyDeadline, bodyBytesPerSecond, idle, writeDeadline,
        adminHost, adminPort, adminToken, adminTokenFile, adminCertificate, adminKey, adminLinks, databasePath,
        usersSource, usersPreset, usersDatabasePath, usersDatabaseURL,
        usersDatabaseURLFile, usersTable, usersID, usersEmail, usersHash, usersMayReset, usersVerified, usersNoPassword,
        usersWithoutPassword, usersOnReset, usersDelete, usersSeveral, usersHTTPURL, usersHTTPSecret,
        usersHTTPSecretFile, usersHTTPCAFile, usersHTTPSends,
        secretsStandard, secretsFile, resetLifetime, inviteLifetime, sessionLifetime,
        passwordScheme, scryptLogN, scryptR, scryptP, argon2MemoryKiB, argon2Passes, argon2Lanes, bcryptCost,
        pbkdf2Iterations, aspNetIterations, pepper, pepperFile, trim, escapeHTML, rehash, verifyURL, verifySecret,
        minimumLength, maximumLength, blocklistFile,
        mailProvider, fromEmail, fromName, mailInterval,
        mailBurst, mailParallel,
        clientRate, clientBurst, outboxCapacity, outboxMaximumAge, auditMaximumAge,
        webhookURL, webhookSecret, webhookSecretFile, webhookCAFile, webhookMaximumAge,
        brandName, brandLogo, brandLogoShowsName, brandColor, brandSupportURL, templatesDirectory,
        textsDirectory, languagesOffered, languagesDefault, loginEnabled, loginURL, homeURL, returnURLs, linksReset,
        logLevel, logClients, logFormat,
    ]
}
