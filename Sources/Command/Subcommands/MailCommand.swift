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
            guard let provider = settings.mail.provider else {
                throw ConfigurationRefused(.mailProvider, "missing: set it to sendgrid or capture")
            }
            guard let email = settings.mail.fromEmail, let name = settings.mail.fromName else {
                throw ConfigurationRefused(
                    .fromEmail, "missing: mail.from.email and mail.from.name are needed to send mail")
            }
            let verdict = try await send(to, through: provider, settings, from: Sender(email: email, name: name))
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
            _ to: EmailAddress, through provider: Settings.Provider, _ settings: Settings, from sender: Sender
        ) async throws -> Verdict {
            let site = Site(
                name: settings.brand.name ?? sender.name, url: settings.server.publicURL ?? "",
                supportURL: settings.brand.supportURL, palette: settings.brand.palette)
            let letter = try TestLetter(to: to, site: site, at: WallClock.system.now())
            switch provider {
            case .capture:
                return try await Capture(directory: settings.mail.captureDirectory, from: sender, clock: .system).carry(
                    letter)
            case .sendgrid:
                let loops = try EventLoops(count: 1)
                let (sendGrid, client) = try settings.mail.sendGrid(
                    from: sender, sandbox: sandbox, loops: loops, clock: .system, metrics: nil)
                let verdict = await sendGrid.carry(letter)
                await client.shutDown()
                await loops.shutDown()
                return verdict
            }
        }
    }
}
