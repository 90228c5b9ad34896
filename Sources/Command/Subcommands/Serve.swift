import ArgumentParser
import HTTPServer
import Keyturn
import Logging
import Sockets
import Storage
import Telemetry

/// `keyturn serve`: migrations, then one line on stdout, then requests until SIGTERM.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Apply migrations, listen, answer and mail until SIGTERM.")

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let settings = try options.settings()
        let essentials = try Service.Essentials(settings)
        let log = settings.makeLog()
        let metrics = Metrics()
        let address = try SocketAddress(host: settings.server.host, port: settings.server.port, key: .host)
        let loops = try EventLoops(count: settings.server.threads ?? System.cores)
        let database = try SQLiteDatabase(settings.storage, now: WallClock.system.now(), metrics: metrics, log: log)
        let listener = try Listener.bound(to: address, key: .port)
        try await Service(
            settings: settings, essentials: essentials, listener: listener, loops: loops, database: database,
            metrics: metrics, log: log, showsMailbox: false
        ).run()
    }
}

extension Settings {
    func makeLog() -> Log {
        let (format, level) = (logFormat, Logger.Level(rawValue: logLevel) ?? .info)
        return Logger(label: "keyturn") { _ in LineHandler(format: format, level: level) }
    }

    var storage: SQLiteDatabase.Options {
        var options = SQLiteDatabase.Options(path: databasePath)
        options.outboxCapacity = outbox.capacity
        options.historyKept = auditMaximumAge
        return options
    }
}
