import ArgumentParser
import HTTPServer
import Keyturn
import Logging
import Sockets
import Telemetry

/// `keyturn serve`: migrations, then one line on stdout, then requests until SIGTERM.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the service: apply migrations, answer requests and send mail until SIGTERM.")

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let settings = try options.settings(note: Terminal.post)
        let essentials = try Service.Essentials(settings)
        let files = try NamedFiles(settings)
        let threshold = LogThreshold(settings.level)
        let log = settings.makeLog(threshold)
        let metrics = Metrics()
        let listeners = try settings.server.listeners()
        let loops = try EventLoops(count: settings.server.threads ?? System.cores)
        let store = try settings.openStore(.migrating, metrics: metrics, log: log)
        try await Service(
            settings: settings, essentials: essentials, files: files, listeners: listeners, loops: loops,
            store: store,
            metrics: metrics, log: log, threshold: threshold,
            configuration: { [options] in try ReadConfiguration(options) }, showsMailbox: false
        ).run()
    }
}

extension Settings {
    var level: Logger.Level { Logger.Level(rawValue: logLevel) ?? .info }

    func makeLog(_ threshold: LogThreshold? = nil) -> Log {
        let (format, threshold) = (logFormat, threshold ?? LogThreshold(level))
        return Logger(label: "keyturn") { _ in LineHandler(format: format, from: threshold) }
    }
}
