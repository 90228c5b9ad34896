import ArgumentParser
import Cryptography
import Foundation
import HTTPServer
import Keyturn
import Mailroom
import PasswordHashing
import Sockets
import Storage
import Telemetry

/// `keyturn demo`: no configuration at all; the whole flow in a browser, with the mails beside it.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Try the whole flow: a temporary database, a demo user, mails shown in the browser.")

    static let email = "ann@example.com"
    static let password = "a demo password of ann's"

    func run() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "keyturn-demo-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(at: directory) }

        let settings = try Demo.settings(in: directory.path, environment: ProcessInfo.processInfo.environment)
        let threshold = LogThreshold(settings.level)
        let log = settings.makeLog(threshold)
        let metrics = Metrics()
        let address = try SocketAddress(host: settings.server.host, port: settings.server.port, key: .host)
        let listener = try Listener.bound(to: address, key: .port)
        let loops = try EventLoops(count: System.cores)
        let database = try SQLiteDatabase(settings.storage, now: WallClock.system.now(), metrics: metrics, log: log)
        try await addUser(to: database.users, scheme: settings.passwords.scheme)

        guard let secrets = settings.secrets else { throw ConfigurationRefused(.secretsStandard, "missing") }
        let url = listener.address.url(secure: false)
        Terminal.say(
            """
            keyturn demo: everything is temporary, mails are shown and not sent.
              forgot password  \(url)/forgot-password
              mailbox          \(url)/mailbox
              login            \(url)/login
              demo user        \(Demo.email), password: \(Demo.password)
            """)
        try await Service(
            settings: settings,
            essentials: .init(
                publicURL: url, secrets: secrets, carrier: .capture,
                sender: Sender(email: "no-reply@example.com", name: "keyturn demo")),
            listeners: [listener], loops: loops, database: database, metrics: metrics, log: log, threshold: threshold,
            configuration: nil, showsMailbox: true
        ).run()
    }

    /// The defaults, but for what must differ; `KEYTURN_SERVER_PORT` and `KEYTURN_SERVER_HOST` are obeyed.
    static func settings(in directory: String, environment: [String: String]) throws -> Settings {
        let obeyed = [Key.port.variable, Key.host.variable]
        let layers = try Layers(
            flags: [
                Key.databasePath.name: directory + "/demo.sqlite",
                Key.captureDirectory.name: directory + "/mails",
                Key.secretsStandard.name: Base64URL.encode(SecureRandom.bytes(32)),
                Key.mailProvider.name: "capture",
                Key.adminPort.name: "0",
                Key.logLevel.name: "warning",
            ],
            environment: environment.filter { obeyed.contains($0.key) }, file: nil)
        return try Settings(layers, readFile: ConfigurationOptions.contents)
    }

    private func addUser(to users: any Users, scheme: NewPasswordScheme) async throws {
        let pool = HashingPool(threads: 1)
        defer { pool.shutDown() }
        let hash = try await PasswordHasher(scheme: scheme, pool: pool).hash(Password(Array(Demo.password.utf8)))
        _ = try await users.add(
            NewUser(email: EmailAddress(stored: Demo.email), passwordHash: hash, isVerified: true),
            at: WallClock.system.now())
    }
}
