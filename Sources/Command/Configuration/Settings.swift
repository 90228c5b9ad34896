import Cryptography
import HTTP
import HTTPClient
import HTTPServer
import Keyturn
import PasswordHashing
import Telemetry

/// Everything a run needs to know, checked: what the rooms get is made from this and from nothing else.
struct Settings: Sendable {
    struct Server: Sendable {
        let host: String
        let port: UInt16
        /// Without a slash at its end; nil where it was not configured.
        let publicURL: String?
        let allowedOrigins: [String]
        let trustedProxies: [CIDR]
        let threads: Int?
        let shutdownGrace: Duration
        /// Files in PEM; both or neither.
        let tls: (certificate: String, key: String)?
        /// Listened on instead of host and port.
        let unixSocket: String?
        let limits: HTTPServerLimits
    }
    struct Passwords: Sendable {
        let scheme: NewPasswordScheme
        let minimumLength: Int
        let maximumLength: Int
        let blocklistFile: String?
        /// What the app beside us does to a password before it hashes it.
        let treatment: PasswordTreatment
        /// Whether the right password is stored in the configured scheme at a login.
        let rehashes: Bool
        /// Who knows the passwords of accounts whose hash cannot be read here.
        let check: PasswordCheck?

        /// Whether a hash costs less than the Password Storage Cheat Sheet of OWASP asks for.
        var isCheap: Bool {
            switch scheme {
            case .scrypt(let cost), .djangoScrypt(let cost), .werkzeugScrypt(let cost):
                (cost.memoryBytes ?? 0) < 16 << 20
            case .bcrypt(let cost, _), .wordPressBCrypt(let cost): cost < 10
            case .aspNetIdentity(let iterations): iterations < 210_000
            case .argon2id(let cost): cost.memoryKiB < 7168 || cost.memoryKiB * cost.passes < 7168 * 5
            case .djangoPBKDF2SHA256(let iterations): iterations < 600_000
            }
        }
    }
    /// What `passwords.verifyURL` names.
    struct PasswordCheck: Sendable {
        let origin: Origin
        /// With the query.
        let path: String
        /// nil: requests are not signed, on this machine only.
        let secrets: WebhookSecrets?
    }
    struct Mail: Sendable {
        let provider: Provider?
        let fromEmail: String?
        let fromName: String?
        let apiKey: String?
        let baseURL: Origin
        let caFile: String?
        /// The way out to SendGrid; nil: straight there.
        let proxy: Proxy?
        let bypassSuppressions: Bool
        let replyTo: String?
        let categories: [String]
        /// A dynamic template of SendGrid's for letters with a link.
        let templateID: String?
        /// Verifies what SendGrid posts about mails; nil: it may post nothing.
        let eventsKey: P256PublicKey?
        let budget: MailBudget
        /// Deliveries at once, each on a connection of its own.
        let parallel: Int
    }
    struct Outbox: Sendable {
        let capacity: Int
        let maximumAge: Duration
    }

    /// The app that is told what happens.
    struct App: Sendable {
        let origin: Origin
        /// With the query.
        let path: String
        let secrets: WebhookSecrets
        let caFile: String?
        let maximumAge: Duration
    }

    let server: Server
    let adminHost: String
    /// Files in PEM; nil: nothing is encrypted at the admin address.
    let adminTLS: (certificate: String, key: String)?
    /// The user API; nil if it is off.
    let userAPI: UserAPI?
    /// 0: no metrics are served.
    let adminPort: UInt16
    let databasePath: String
    let users: Users
    let secrets: Secrets?
    let resetLifetime: Duration
    let inviteLifetime: Duration
    let sessionLifetime: Duration
    let passwords: Passwords
    let mail: Mail
    /// What the chosen mail provider is told; nil if none is chosen.
    let provider: (any ProviderSettings)?
    let clientRate: Rate
    let clientBurst: Int
    let outbox: Outbox
    /// How long the audit log, the mail log and failed letters are kept.
    let auditMaximumAge: Duration
    /// nil where nobody is told.
    let app: App?
    /// How long a message to the app is tried, and how long one waits if there is no app any more.
    let webhookMaximumAge: Duration
    let brand: Brand
    let pages: PageSettings
    let logLevel: String
    /// Whether lines about requests say which network they came from.
    let logsClients: Bool
    let logFormat: LineHandler.Format

    /// Reads and checks every key; what only `serve` needs may still be missing.
    /// - Parameter readFile: a file's text, for secrets kept in one.
    init(_ layers: Layers, readFile: (String) throws -> [UInt8]) throws(ConfigurationRefused) {
        let layers = try layers.withUsersDefaults()
        let values = Values(layers)
        server = try Server(
            host: values.text(.host), port: values.port(.port),
            publicURL: values.publicURL(), allowedOrigins: values.origins(), trustedProxies: values.networks(),
            threads: values.optionalInteger(.threads, in: 1...64),
            shutdownGrace: values.duration(.shutdownGrace, in: .zero ... .seconds(300)), tls: values.tls(),
            unixSocket: values.optionalText(.unixSocket), limits: values.connectionLimits())
        adminHost = try values.text(.adminHost)
        adminPort = try values.port(.adminPort)
        adminTLS = try values.adminTLS()
        userAPI = try values.userAPI(readFile: readFile)
        databasePath = try values.text(.databasePath)
        users = try values.users(readFile: readFile)
        secrets = try values.secrets(readFile: readFile)
        resetLifetime = try values.duration(.resetLifetime, in: .seconds(1) ... .seconds(86_400))
        inviteLifetime = try values.duration(.inviteLifetime, in: .seconds(1) ... .seconds(30 * 86_400))
        sessionLifetime = try values.duration(.sessionLifetime, in: .seconds(1) ... .seconds(31 * 86_400))
        passwords = try values.passwords(readFile: readFile)
        mail = try values.mail(readFile: readFile)
        provider = try Provider.read(mail.provider, mail, values, readFile: readFile)
        let rate = try values.rate(.clientRate)
        clientRate = Rate(rate.count, per: rate.per)
        clientBurst = try values.integer(.clientBurst, in: 1...1_000_000)
        outbox = try Outbox(
            capacity: values.integer(.outboxCapacity, in: 1...100_000_000),
            maximumAge: values.duration(.outboxMaximumAge, in: .seconds(1) ... .seconds(30 * 86_400)))
        auditMaximumAge = try values.duration(.auditMaximumAge, in: .seconds(86_400) ... .seconds(3660 * 86_400))
        app = try values.app(readFile: readFile)
        webhookMaximumAge = try values.webhookMaximumAge()
        brand = try values.brand()
        pages = try values.pageSettings()
        logLevel = try values.choice(
            .logLevel, of: ["trace", "debug", "info", "notice", "warning", "error", "critical"])
        logsClients = try values.boolean(.logClients)
        logFormat = try LineHandler.Format(rawValue: values.choice(.logFormat, of: ["logfmt", "json"])) ?? .logfmt
        if resetLifetime < mail.budget.interval {
            throw ConfigurationRefused(
                """
                tokens.resetLifetime (\(Units.text(resetLifetime))) is shorter than mail.perAccount.interval \
                (\(Units.text(mail.budget.interval))): a person who lost a link could not get another before it expires
                """)
        }
        let burstSpan = mail.budget.interval * mail.budget.burst
        if auditMaximumAge < burstSpan {
            throw ConfigurationRefused(
                """
                audit.maximumAge (\(Units.text(auditMaximumAge))) is shorter than mail.perAccount.interval times \
                mail.perAccount.burst (\(Units.text(burstSpan))): mails would be forgotten before they stop counting
                """)
        }
    }

    /// What is missing for `serve`, each a key and why.
    func missingForServe() -> [ConfigurationRefused] {
        var missing: [ConfigurationRefused] = []
        if server.publicURL == nil { missing.append(.init(.publicURL, "missing: links in mail are built from it")) }
        if secrets == nil {
            missing.append(.init(.secretsStandard, "missing: generate one with `keyturn secret generate`"))
        }
        missing +=
            provider?.missing
            ?? [ConfigurationRefused(.mailProvider, "missing: set it to \(Provider.names)")]
        if mail.fromEmail == nil { missing.append(.init(.fromEmail, "missing")) }
        if mail.fromName == nil { missing.append(.init(.fromName, "missing")) }
        return missing
    }
}
