import Logging
import ServiceLifecycle
import Sockets
import Synchronization
import TLS
import Telemetry
import UnixSignals

/// The certificate of our own listener. SIGHUP reads its files again: connections that are there keep what they began with.
struct ServerCertificate: ServiceLifecycle.Service {
    private final class Current: Sendable {
        let context: Mutex<TLSServerContext>
        init(_ context: TLSServerContext) { self.context = Mutex(context) }
    }

    private let files: (certificate: String, key: String)?
    private let current: Current?
    private let hangups: UnixSignalsSequence
    private let log: Log

    /// - Parameter files: PEM; without them nothing is encrypted here, and SIGHUP does nothing.
    /// - Parameter hangups: SIGHUP, trapped before anybody is told that the service is there: untrapped it would end the process.
    /// - Throws: which of the two files cannot be used, with its key.
    init(
        files: (certificate: String, key: String)?, hangups: UnixSignalsSequence, log: Log
    ) throws(ConfigurationRefused) {
        self.files = files
        self.hangups = hangups
        self.log = log
        if let files { current = Current(try Self.context(of: files)) } else { current = nil }
    }

    private static func context(of files: (certificate: String, key: String)) throws(ConfigurationRefused)
        -> TLSServerContext
    {
        do { return try TLSServerContext(certificateFile: files.certificate, keyFile: files.key) } catch {
            switch error {
            case .certificate(_, let reason): throw ConfigurationRefused(.tlsCertificate, "cannot be used: \(reason)")
            case .key(_, let reason): throw ConfigurationRefused(.tlsKey, "cannot be used: \(reason)")
            case .settings(let reason), .trust(_, let reason): throw ConfigurationRefused("server.tls: \(reason)")
            }
        }
    }

    /// The layer of one connection, from its descriptor; nil where nothing is encrypted.
    var layer: (@Sendable (Int32) throws(SocketFailed) -> any SocketLayer)? {
        guard let current else { return nil }
        return { descriptor throws(SocketFailed) in
            try TLSServerLayer(over: descriptor, with: current.context.withLock { $0 })
        }
    }

    func run() async {
        for await _ in hangups.cancelOnGracefulShutdown() { reload() }
    }

    private func reload() {
        guard let files, let current else {
            log.notice(
                "nothing reloaded", metadata: ["reason": "server.tls is not configured; all else needs a restart"])
            return
        }
        do {
            let context = try Self.context(of: files)
            current.context.withLock { $0 = context }
            log.notice("reloaded", metadata: ["what": "server.tls", "others": "need a restart"])
        } catch {
            log.error("not reloaded, the old certificate stays", metadata: ["reason": "\(error)"])
        }
    }
}
