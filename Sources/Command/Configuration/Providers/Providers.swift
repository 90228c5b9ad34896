import HTTPClient
import Keyturn
import Mailroom
import Sockets
import TLS
import Telemetry
import Web

extension Settings {
    /// The values of `mail.provider`, the one that is shown first first.
    enum Provider: String, Sendable, CaseIterable {
        case sendgrid, hook, sendmail, capture

        private var settings: any ProviderSettings.Type {
            switch self {
            case .sendgrid: SendGridSettings.self
            case .hook: HookSettings.self
            case .sendmail: SendmailSettings.self
            case .capture: CaptureSettings.self
            }
        }

        /// Every provider's keys, in the order of `config.example.json`.
        static var keys: [Key] {
            [Self.capture, .sendgrid, .hook, .sendmail].flatMap { $0.settings.keys }
        }
        /// Keys that name a file with a secret in it.
        static var secretFiles: [Key] { allCases.flatMap { $0.settings.secretFiles } }
        /// `sendgrid, hook, sendmail or capture`
        static var names: String {
            allCases.dropLast().map(\.rawValue).joined(separator: ", ") + " or " + (allCases.last?.rawValue ?? "")
        }

        /// Reads what every provider is told, so that a bad value is found before its provider is chosen.
        /// - Returns: what this one is told.
        static func read(
            _ chosen: Provider?, _ mail: Mail, _ values: Values, readFile: (String) throws -> [UInt8]
        ) throws(ConfigurationRefused) -> (any ProviderSettings)? {
            var found: (any ProviderSettings)?
            for provider in allCases {
                let settings = try provider.settings.init(mail, values, readFile: readFile)
                if provider == chosen { found = settings }
            }
            return found
        }
    }
}

/// What the configuration says about one mail provider, checked.
protocol ProviderSettings: Sendable {
    static var keys: [Key] { get }
    static var secretFiles: [Key] { get }
    init(_ mail: Settings.Mail, _ values: Values, readFile: (String) throws -> [UInt8]) throws(ConfigurationRefused)
    /// What is not said and has to be, if this provider is the chosen one.
    var missing: [ConfigurationRefused] { get }
    /// The file of certificates that it is trusted by; no path: the system's.
    var trust: (path: String?, key: Key)? { get }
    /// Looks at the files it names.
    func check() throws(ConfigurationRefused)
    func carriage(_ parts: CarriageParts) throws -> Carriage
}

extension ProviderSettings {
    static var secretFiles: [Key] { [] }
    var missing: [ConfigurationRefused] { [] }
    var trust: (path: String?, key: Key)? { nil }
    func check() throws(ConfigurationRefused) {}
}

/// What carriers are made of.
struct CarriageParts: Sendable {
    let sender: Sender
    /// For `mail test`: the provider checks the mail and does not deliver it, where it can.
    var isSandbox = false
    /// Deliveries at once.
    let parallel: Int
    let loops: EventLoops
    let clock: WallClock
    let metrics: Metrics?

    /// - Parameter path: PEM; nil: the system's certificates are trusted.
    /// - Parameter limit: for one attempt.
    func client(to origin: Origin, trusting path: String?, limit: Duration) -> HTTPClient {
        var options = HTTPClientOptions.standard
        options.connectionsMax = parallel
        options.totalLimit = limit
        options.firstByteLimit = min(options.firstByteLimit, limit)
        return HTTPClient(to: origin, trust: path.map { .file(path: $0) } ?? .system, loops: loops, options: options)
    }
}

/// A carrier, and what belongs to it.
struct Carriage: Sendable {
    /// What SIGHUP hands to the carrier.
    struct Renewal: Sendable {
        /// The first is the one that the log names.
        let keys: [Key]
        /// - Throws: a value is missing now; nothing is taken over then.
        /// - Returns: takes it over, and says whether it was another.
        let prepare: @Sendable (_ settings: (any ProviderSettings)?) throws -> () throws -> Bool
    }

    let carrier: any Carrier
    let test: @Sendable (TestLetter) async -> Verdict
    /// Ends before its loops do.
    var client: HTTPClient?
    /// What the demo's mailbox shows.
    var mailbox: (@Sendable () async -> [DemoMail])?
    var renewal: Renewal?
    /// Deliveries at once, if fewer than `mail.parallel`.
    var parallelMax: Int?
}
