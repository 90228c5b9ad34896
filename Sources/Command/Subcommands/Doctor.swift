import ArgumentParser
import Foundation
import HTTPServer
import Keyturn
import Sockets
import TLS

/// `keyturn doctor`: looks at everything a running service leans on, and says what to do.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract:
            "Check everything the service depends on: configuration, files, database, disk, clock, DNS, TLS, mail provider.",
        discussion:
            "Exit status: 0 no problem, 1 errors, 2 warnings only. Changes nothing and sends no mail.")

    @Flag(help: "Check nothing outside this machine.") var offline = false
    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let settings = try options.settings()
        let now = WallClock.system.now()
        var findings = try configuration(settings) + secretFiles(settings) + certificate(settings)
        findings += await DatabaseDiagnosis(settings: settings, now: now).findings()
        findings += UsersDiagnosis(settings: settings, scheme: try Values(options.layers()).text(.passwordScheme))
            .findings()
        if !offline {
            let loops = try EventLoops(count: 1)
            findings += await ProviderDiagnosis(settings: settings, now: now, loops: loops).findings()
            await loops.shutDown()
        }
        show(findings)
        if findings.exitStatus != 0 { throw ExitCode(findings.exitStatus) }
    }

    private func configuration(_ settings: Settings) throws -> [Finding] {
        let missing = settings.missingForServe().map {
            Finding.error("configuration", $0.description, advice: "see `keyturn config check`")
        }
        let dangers = try Danger.all(in: settings, from: options).map {
            Finding.warning("configuration", $0, advice: "see config.example.json for the key")
        }
        return missing.isEmpty && dangers.isEmpty
            ? [.ok("configuration", "complete, without risks")] : missing + dangers
    }

    private func secretFiles(_ settings: Settings) throws -> [Finding] {
        let layers = try options.layers()
        return SecretFile.all(in: layers, settings: settings, configurationFile: options.path).map { key, path in
            guard let mode = FileMode(of: path) else {
                return .error(key, "\(path) does not exist", advice: "create it, or correct the path")
            }
            guard mode.isForOthers else { return .ok(key, "only the owner and the group can read \(path)") }
            return .error(key, "every user of this machine can read \(path)", advice: "chmod 640 \(path)")
        }
    }

    private func certificate(_ settings: Settings) -> [Finding] {
        guard let tls = settings.server.tls else { return [] }
        do {
            _ = try TLSServerContext(certificateFile: tls.certificate, keyFile: tls.key)
            return [.ok("server.tls", "certificate and key can be read and match")]
        } catch {
            return [
                .error("server.tls", "\(error)", advice: "the certificate file holds the leaf first, then the chain")
            ]
        }
    }

    private func show(_ findings: [Finding]) {
        Terminal.table(
            [],
            findings.flatMap { finding in
                [[finding.severity.rawValue, finding.subject, finding.words]]
                    + (finding.advice.map { [["", "", "→ \($0)"]] } ?? [])
            })
    }
}
