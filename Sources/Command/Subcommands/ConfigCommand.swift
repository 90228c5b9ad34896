import ArgumentParser
import Foundation
import Keyturn

/// `keyturn config check`: every value that counts, where it came from, and what is dangerous about it.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check the configuration.", subcommands: [Check.self])

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Check the configuration, print the effective values with secrets hidden, and warn of risks.")

        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let settings = try options.settings()
            let layers = try options.layers()
            Terminal.table(["KEY", "VALUE", "FROM"], Key.all.compactMap { row($0, layers) })
            for danger in try Danger.all(in: settings, from: options) { Terminal.note("warning: \(danger)") }
            _ = try NamedFiles(settings)
            let missing = settings.missingForServe()
            for problem in missing { Terminal.note("\(problem)") }
            if !missing.isEmpty { throw ExitCode(1) }
            Terminal.say("ok")
        }

        private func row(_ key: Key, _ layers: Layers) -> [String]? {
            guard let (value, source) = layers.raw(key) else { return nil }
            let shown =
                switch value {
                case .text(""), .list([]): ""
                case _ where key.isSecret: "(hidden)"
                case .text(let text): text
                case .integer(let integer): "\(integer)"
                case .boolean(let boolean): "\(boolean)"
                case .list(let list): list.joined(separator: ",")
                }
            return [key.name, shown, source.description]
        }
    }
}

/// What is allowed and still unwise, in words.
enum Danger {
    /// Everything: what the values say, what the files' modes say, what the clock says.
    static func all(in settings: Settings, from options: ConfigurationOptions) throws -> [String] {
        let layers = try options.layers()
        let exposed = SecretFile.all(in: layers, settings: settings, configurationFile: options.path)
            .filter { FileMode(of: $0.path)?.isForOthers == true }
            .map {
                "\($0.key): every user of this machine can read \($0.path), which holds a secret: run chmod 640 on it"
            }
        return all(in: settings) + exposed + clock(now: Date())
    }

    /// A clock that stands before the day this binary was built.
    static func clock(now: Date, binary: String = "/proc/self/exe") -> [String] {
        let built = try? FileManager.default.attributesOfItem(
            atPath: (try? FileManager.default.destinationOfSymbolicLink(atPath: binary)) ?? binary)[.modificationDate]
        guard let built = built as? Date, now < built else { return [] }
        return ["the clock is set to a time before this binary was built: set it, since links and sessions carry times"]
    }

    static func all(in settings: Settings) -> [String] {
        var dangers: [String] = []
        if let url = settings.server.publicURL, url.hasPrefix("http://"), !isLocal(url) {
            dangers.append("server.publicURL is http://: links and passwords are sent unencrypted")
        }
        if settings.server.unixSocket == nil, !isLoopback(settings.server.host), settings.server.tls == nil {
            dangers.append(
                "server.host \(settings.server.host) is reachable from other machines without TLS: set server.tls, or put a proxy with TLS in front"
            )
        }
        if !isLoopback(settings.adminHost), settings.adminPort != 0 {
            dangers.append("admin.host \(settings.adminHost) shows the metrics to every machine that can reach it")
        }
        if settings.resetLifetime < .seconds(300) {
            dangers.append(
                "tokens.resetLifetime \(Units.text(settings.resetLifetime)) is short: a mail may take longer to arrive")
        }
        if let secrets = settings.secrets, secrets.keys.contains(where: looksTyped) {
            dangers.append(
                "a secret in secrets.standard looks typed, not random: generate one with `keyturn secret generate`")
        }
        if settings.resetLifetime < settings.mail.budget.interval + .seconds(60) {
            dangers.append(
                """
                tokens.resetLifetime \(Units.text(settings.resetLifetime)) is barely longer than mail.perAccount.interval \
                \(Units.text(settings.mail.budget.interval)): a person who has used up the mail budget waits almost until the last link has expired
                """)
        }
        if settings.passwords.isCheap {
            dangers.append(
                "passwords.scheme costs less than OWASP recommends: passwords from a stolen database are found faster")
        }
        if let check = settings.passwords.check, check.secrets == nil {
            dangers.append(
                "passwords.verifyURL is asked without passwords.verifySecret: the app cannot tell who asks")
        }
        if settings.passwords.minimumLength < 15 {
            dangers.append(
                "passwords.minimumLength \(settings.passwords.minimumLength) is meant only for accounts with a second factor (NIST SP 800-63B-4)"
            )
        }
        if settings.mail.provider == .sendgrid, !settings.mail.bypassSuppressions {
            dangers.append(
                "mail.sendgrid.bypassSuppressions is off: SendGrid may accept a mail and drop it without an error")
        }
        if settings.pages.linkPattern?.isInQuery == true {
            dangers.append(
                "links.reset has {token} in the query, which the server of that page and proxies see and log: put it behind #"
            )
        }
        if !settings.pages.hasLogin, settings.pages.loginURL == nil {
            dangers.append("login.enabled is false and app.loginURL is empty: pages offer no way to sign in")
        }
        return dangers
    }

    /// Words, or one half said twice: nothing a generator makes.
    static func looksTyped(_ secret: [UInt8]) -> Bool {
        let half = secret.count / 2
        if secret.prefix(half) == secret.dropFirst(half).prefix(half) { return true }
        let pieces = secret.split { [0x20, 0x2D, 0x2E, 0x5F].contains($0) }
        return pieces.count { $0.count >= 4 && $0.dropFirst().allSatisfy { (0x61...0x7A).contains($0) } } >= 3
    }

    private static func isLocal(_ url: String) -> Bool { URL(string: url)?.host().map(isLoopback) ?? false }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host.hasPrefix("127.") || host == "::1" || host == "[::1]"
    }
}
