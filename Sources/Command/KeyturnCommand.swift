import ArgumentParser
import Cryptography
import Foundation
import Telemetry

/// The front door: one command, a subcommand for each thing an operator does.
@main
struct KeyturnCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keyturn",
        abstract:
            "Self-hosted password resets: each link is signed with the password hash that it replaces, so it works once.",
        version: Version.text,
        subcommands: [
            Serve.self, Demo.self, Migrate.self, UserCommand.self, UsersCommand.self, OutboxCommand.self,
            MailCommand.self,
            WebhookCommand.self,
            ConfigCommand.self, TemplatesCommand.self, SecretCommand.self, TokenCommand.self, BackupCommand.self,
            RestoreCommand.self,
            Doctor.self,
        ])

    /// Runs what was asked for. A wrong use ends with 64, anything else that failed with 1, unless the command says otherwise.
    static func main() async {
        OpenSSLLifetime.lastsAsLongAsTheProcess()
        StandardStream.prepare()
        do {
            var command = try parseAsRoot()
            if var running = command as? any AsyncParsableCommand { try await running.run() } else { try command.run() }
        } catch {
            end(error)
        }
        Terminal.endIfLost()
    }

    /// Errors may repeat an argument, or words from outside, so they are said as all else is. Help and completion scripts are ours,
    /// and hold tabs.
    private static func end(_ error: any Error) -> Never {
        let status = exitCode(for: error)
        if status.isSuccess { exit(withError: error) }
        let message = fullMessage(for: error)
        if !message.isEmpty { Terminal.note(withoutPrefix(message)) }
        Foundation.exit(status.rawValue)
    }

    /// `keyturn: ` says who speaks: the parser's `Error: ` says nothing more.
    private static func withoutPrefix(_ message: String) -> String {
        message.hasPrefix("Error: ") ? String(message.dropFirst("Error: ".count)) : message
    }
}
