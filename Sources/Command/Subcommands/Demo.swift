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

    static let email = "ann@example.com"
    static let password = "a demo password of ann's"

    func run() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "keyturn-demo-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(at: directory) }

        let environment = ProcessInfo.processInfo.environment
        let settings = try Demo.settings(in: directory.path, port: port, environment: environment)
        let threshold = LogThreshold(settings.level)
        let log = settings.makeLog(threshold)
        let metrics = Metrics()
        let isPortNamed = port != nil || environment[Key.port.variable] != nil
        let listener = try Demo.listener(settings.server, isPortNamed: isPortNamed)
        let loops = try EventLoops(count: System.cores)
        let store = try settings.openStore(.migrating, metrics: metrics, log: log)
        try await addUser(to: store.accounts, scheme: settings.passwords.scheme)

        guard let secrets = settings.secrets else { throw ConfigurationRefused(.secretsStandard, "missing") }
        let url = listener.address.url(secure: false)
        Terminal.announce(
            """
            keyturn demo: everything is temporary, and mail is shown in the mailbox instead of being sent.
              Sign in          \(url)/login
              Forgot password  \(url)/forgot-password
              Mailbox          \(url)/mailbox
              Demo account     \(Demo.email), password: \(Demo.password)
              Stop it with Ctrl-C.
            """)
        let sender = Sender(email: "no-reply@example.com", name: "keyturn demo")
        try await Service(
            settings: settings,
            essentials: .init(publicURL: url, secrets: secrets, carrier: .capture, sender: sender),
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

    /// The defaults, but for what must differ; `KEYTURN_SERVER_PORT` and `KEYTURN_SERVER_HOST` are obeyed, and a port given as an option
    /// before them. An account gets as many mails as it asks for: a budget would end the walk at the third mail without a word.
    static func settings(in directory: String, port: UInt16? = nil, environment: [String: String]) throws -> Settings {
        let obeyed = [Key.port.variable, Key.host.variable]
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
        let layers = try Layers(
            flags: flags, environment: environment.filter { obeyed.contains($0.key) }, file: nil)
        return try Settings(layers, readFile: ConfigurationOptions.contents)
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
