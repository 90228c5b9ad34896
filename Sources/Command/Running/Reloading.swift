import HTTPClient
import Keyturn
import Logging
import ServiceLifecycle
import Synchronization
import Telemetry
import UnixSignals
import Wording

/// SIGHUP: reads the configuration again, takes over what can be taken over, and names what needs a restart. No connection ends.
struct Reloading: ServiceLifecycle.Service {
    typealias Trusting = (key: Key, readAgain: @Sendable () async throws(HTTPClientFailed) -> Void)

    private let certificate: ServerCertificate
    private let renewal: Carriage.Renewal?
    private let texts: CurrentTexts
    private let threshold: LogThreshold
    private let trusts: [Trusting]
    private let read: (@Sendable () throws -> ReadConfiguration)?
    private let started: ReadConfiguration?
    private let hangups: UnixSignalsSequence
    private let log: Log

    /// - Parameter renewal: hands the mail provider's key to the carrier; nil if the carrier has none.
    /// - Parameter texts: what pages and messages say now.
    /// - Parameter trusts: each key that names trusted certificates, and what reads them again.
    /// - Parameter read: nil where nothing was configured: the demo.
    /// - Parameter hangups: SIGHUP, trapped before anybody is told that the service is there: untrapped it would end the process.
    init(
        certificate: ServerCertificate, renewal: Carriage.Renewal?, texts: CurrentTexts,
        trusts: [Trusting],
        threshold: LogThreshold, hangups: UnixSignalsSequence, log: Log,
        read: (@Sendable () throws -> ReadConfiguration)?
    ) throws {
        self.certificate = certificate
        self.renewal = renewal
        self.texts = texts
        self.threshold = threshold
        self.trusts = trusts
        self.hangups = hangups
        self.log = log
        self.read = read
        started = try read?()
    }

    func run() async {
        for await _ in hangups.cancelOnGracefulShutdown() { await reload() }
    }

    private func reload() async {
        guard let read, let started else { return log.notice("nothing to reload") }
        do {
            let now = try read()
            var taken = [Key.logLevel.name]
            var reloadable: Set = [Key.logLevel.name]
            let takeOver = try renewed(now.settings, started.settings)
            if certificate.isUsed, let files = now.settings.server.tls {
                try certificate.reload(files)
                taken.append("server.tls")
                reloadable.formUnion([Key.tlsCertificate.name, Key.tlsKey.name])
            }
            if let renewal, let takeOver {
                _ = try takeOver()
                taken += renewal.keys.prefix(1).map(\.name)
                reloadable.formUnion(renewal.keys.map(\.name))
            }
            threshold.level = now.settings.level
            taken += await readTrustAgain()
            taken += readTextsAgain(now.settings)
            reloadable.insert(Key.textsDirectory.name)
            let others = now.changes(since: started).filter { !reloadable.contains($0) }
            log.notice("reloaded", metadata: ["what": "\(taken.joined(separator: ","))"])
            if !others.isEmpty {
                log.warning("changed, and needs a restart", metadata: ["keys": "\(others.joined(separator: ","))"])
            }
        } catch {
            // The text of a refusal name keys and never show a secret.
            log.error("not reloaded, nothing was changed", metadata: ["reason": "\(error)"])
        }
    }

    /// nil if the carrier has no key, or another provider was configured, which needs a restart.
    /// - Throws: the key is missing now. Looked at before anything is taken over.
    private func renewed(_ now: Settings, _ started: Settings) throws -> (() throws -> Bool)? {
        now.mail.provider == started.mail.provider ? try renewal?.prepare(now.provider) : nil
    }

    /// A file that is refused keeps what was said before, in every language.
    private func readTextsAgain(_ settings: Settings) -> [String] {
        do {
            texts.replace(with: try TextFiles.catalogues(in: settings.pages.textsDirectory))
            return settings.pages.textsDirectory == nil ? [] : [Key.textsDirectory.name]
        } catch {
            log.error("texts not read again, the former stay in use", metadata: ["reason": "\(error)"])
            return []
        }
    }

    /// - Returns: the names of the keys whose certificates were read.
    private func readTrustAgain() async -> [String] {
        var taken: [String] = []
        for (key, readAgain) in trusts {
            do throws(HTTPClientFailed) {
                try await readAgain()
                taken.append(key.name)
            } catch {
                log.error(
                    "trusted certificates not read again, the former stay in use",
                    metadata: ["key": "\(key.name)", "reason": "\(error.reason)"])
            }
        }
        return taken
    }
}
