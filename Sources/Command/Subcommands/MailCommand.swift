import ArgumentParser
import HTTPClient
import Keyturn
import Mailroom
import Sockets

/// `keyturn mail test`: one real mail through the configured provider, and its answer in words.
struct MailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mail", abstract: "Test the mail provider.", subcommands: [Test.self])

    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "test", abstract: "Send one test mail and print the provider's answer.")

        @Argument(help: "The address to send it to.") var address: String
        @Flag(help: "Use SendGrid's sandbox: the mail is checked and not delivered.") var sandbox = false
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let to = try parsed(address)
            let settings = try options.settings()
            guard let provider = settings.mail.provider, let configured = settings.provider else {
                throw ConfigurationRefused(.mailProvider, "missing: set it to \(Settings.Provider.names)")
            }
            guard let email = settings.mail.fromEmail, let name = settings.mail.fromName else {
                throw ConfigurationRefused(
                    .fromEmail, "missing: mail.from.email and mail.from.name are needed to send mail")
            }
            let verdict = try await send(to, through: configured, settings, from: Sender(email: email, name: name))
            switch verdict {
            case .delivered(let id):
                Terminal.say(
                    "accepted by \(provider.rawValue)" + (id.map { ", message id \(Printable.text($0))" } ?? ""))
            case .answerLost(let reason):
                Terminal.note("handed over whole, and no answer came: it may arrive: \(Printable.text(reason))")
                throw ExitCode(1)
            case .later(_, let reason, _), .never(let reason), .stop(let reason), .unreachable(let reason):
                Terminal.note("not sent: \(Printable.text(reason))")
                throw ExitCode(1)
            }
        }

        private func send(
            _ to: EmailAddress, through provider: any ProviderSettings, _ settings: Settings, from sender: Sender
        ) async throws -> Verdict {
            if let missing = provider.missing.first { throw missing }
            if let trust = provider.trust { try NamedFiles.checkTrust(trust.path, trust.key) }
            let site = Site(
                name: settings.brand.name ?? sender.name, url: settings.server.publicURL ?? "",
                supportURL: settings.brand.supportURL, palette: settings.brand.palette)
            let letter = try TestLetter(to: to, site: site, at: WallClock.system.now())
            let loops = try EventLoops(count: 1)
            var parts = CarriageParts(
                sender: sender, parallel: 1, loops: loops, clock: .system, metrics: nil)
            parts.isSandbox = sandbox
            let carriage = try provider.carriage(parts)
            let verdict = await carriage.test(letter)
            await carriage.client?.shutDown()
            await loops.shutDown()
            return verdict
        }
    }
}
