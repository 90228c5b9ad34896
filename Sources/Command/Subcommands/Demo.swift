import ArgumentParser
import Cryptography
import Foundation
import HTTPServer
import Keyturn
import Mailroom
import PasswordHashing
import Sockets
import Telemetry

/// `keyturn demo`: no configuration at all; the whole flow in a browser, with the mails beside it.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract:
            "Try the whole flow without any configuration: a temporary database, a demo account, mail shown in the browser."
    )

    @Option(
        help: ArgumentHelp(
            "The port to listen on. Without it \(Key.port.fallback ?? ""), or a free one if that is in use; 0 takes a free one.",
            valueName: "port"))
    var port: UInt16?

    @Option(
        help: ArgumentHelp(
            "Accounts in the place of the demo account: a file as `keyturn user import` takes it.", valueName: "file"))
    var users: String?

    @Option(
        help: ArgumentHelp(
            "An address of your app that webhooks are sent to, signed with KEYTURN_WEBHOOKS_SECRET or a secret that is printed.",
            valueName: "url"))
    var webhook: String?

    static let email = "ann@example.com"
    static let password = "a demo password of ann's"

    func run() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "keyturn-demo-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(at: directory) }

        let environment = ProcessInfo.processInfo.environment
        // Before anything is made: a file that cannot be read leaves nothing behind.
        let accounts = try users.map { try ImportSource($0) }
        let secret = webhook == nil ? nil : environment[Key.webhookSecret.variable] ?? WebhookSecrets.generate()
        let settings = try Demo.settings(
            in: directory.path, port: port, webhook: webhook.flatMap { url in secret.map { (url, $0) } },
            environment: environment)
        let threshold = LogThreshold(settings.level)
        let log = settings.makeLog(threshold)
        let metrics = Metrics()
        let isPortNamed = port != nil || environment[Key.port.variable] != nil
        let listener = try Demo.listener(settings.server, isPortNamed: isPortNamed)
        let loops = try EventLoops(count: System.cores)
        let store = try settings.openStore(.migrating, metrics: metrics, log: log)
        let who: String
        if let accounts {
            who = "Accounts         \(Printable.text(users ?? "")): \(try await take(accounts, into: store))"
        } else {
            try await addUser(to: store.accounts, scheme: settings.passwords.scheme)
            who = "Demo account     \(Demo.email), password: \(Demo.password)"
        }
        let signed = secret.map { "\n  Webhooks         signed with \(Printable.text($0))" } ?? ""

        guard let secrets = settings.secrets else { throw ConfigurationRefused(.secretsStandard, "missing") }
        let url = listener.address.url(secure: false)
        Terminal.announce(
            """
            keyturn demo: everything is temporary, and mail is shown in the mailbox instead of being sent.
              Sign in          \(url)/login
              Forgot password  \(url)/forgot-password
              Mailbox          \(url)/mailbox (as JSON: \(url)/mailbox.json)
              \(who)\(signed)
              Stop it with Ctrl-C.
            """)
        let sender = Sender(email: "no-reply@example.com", name: "keyturn demo")
        try await Service(
            settings: settings,
            essentials: .init(publicURL: url, secrets: secrets, sender: sender),
            files: NamedFiles(settings, publicURL: url, sender: sender.name), listeners: [listener], loops: loops,
            store: store,
            metrics: metrics, log: log, threshold: threshold, configuration: nil, showsMailbox: true
        ).run()
    }

    /// A port that was not named may be another one.
    /// - Throws: what to do if the named port is in use.
    private static func listener(_ server: Settings.Server, isPortNamed: Bool) throws -> Listener {
        let address = try SocketAddress(host: server.host, port: server.port, key: .host)
        do { return try Listener(address) } catch {
            guard error.isAddressInUse else { return try Listener.bound(to: address, key: .port) }
            if isPortNamed {
                throw CommandFailed(
                    """
                    port \(server.port) is in use: another program listens there. Name another one with --port, or let the demo take \
                    a free one with --port 0
                    """)
            }
        }
        Terminal.note("port \(server.port) is in use, so the demo takes a free one (--port names one)")
        return try Listener.bound(to: SocketAddress(host: server.host, port: 0, key: .host), key: .port)
    }

    /// What an environment may change: where the demo listens, and what makes it a part of an app.
    private static let obeyed: [Key] = [
        .port, .host, .allowedOrigins, .loginURL, .homeURL, .returnURLs, .loginEnabled, .linksReset, .languagesOffered,
        .languagesDefault, .textsDirectory, .webhookCAFile,
    ]

    /// The defaults, but for what must differ; variables of ``obeyed`` keys are obeyed, and a port given as an option before them. An account gets as many mails as it asks for: a budget would end the walk at the third mail without a word.
    static func settings(
        in directory: String, port: UInt16? = nil, webhook: (url: String, secret: String)? = nil,
        environment: [String: String]
    ) throws -> Settings {
        let obeyed = obeyed.map(\.variable)
        var flags = [
            Key.databasePath.name: directory + "/demo.sqlite",
            Key.captureDirectory.name: directory + "/mails",
            Key.secretsStandard.name: Base64URL.encode(SecureRandom.bytes(32)),
            Key.mailProvider.name: "capture",
            // The most that can be said: a thousand mails in a second.
            Key.mailInterval.name: "1ms",
            Key.mailBurst.name: "1000",
            Key.adminPort.name: "0",
            Key.logLevel.name: "warning",
        ]
        flags[Key.port.name] = port.map(String.init)
        flags[Key.webhookURL.name] = webhook?.url
        flags[Key.webhookSecret.name] = webhook?.secret
        let layers = try Layers(
            flags: flags, environment: environment.filter { obeyed.contains($0.key) }, file: nil)
        return try Settings(layers, readFile: ConfigurationOptions.contents)
    }

    /// - Returns: how many accounts there are, and what the import decided about them.
    private func take(_ source: ImportSource, into store: any Store) async throws -> String {
        var survey = ImportSurvey(HashJudge()) { Terminal.note($0) }
        var reader = ImportReader()
        while let bytes = try source.next() { try survey.take(reader.read(bytes)) }
        try survey.take(reader.finish())
        try survey.finish()
        try source.rewind()
        reader = ImportReader()
        var importing = Importing(after: survey, HashJudge(), store: store, isDryRun: false, updates: false) {
            Terminal.note($0)
        }
        while let bytes = try source.next() { try await importing.take(reader.read(bytes)) }
        try await importing.take(reader.finish())
        try await importing.finish()
        for assumption in importing.assumptions { Terminal.note(assumption) }
        if importing.refused > 0 { throw CommandFailed("not every account was imported: \(importing.summary)") }
        return importing.summary
    }

    private func addUser(to accounts: any Accounts, scheme: NewPasswordScheme) async throws {
        let pool = HashingPool(threads: 1)
        defer { pool.shutDown() }
        let hash = try await PasswordHasher(scheme: scheme, pool: pool).hash(Password(Array(Demo.password.utf8)))
        _ = try await accounts.add(
            NewUser(email: EmailAddress(stored: Demo.email), passwordHash: hash, isVerified: true),
            at: WallClock.system.now())
    }
}
