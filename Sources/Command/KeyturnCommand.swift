import ArgumentParser
import Foundation

/// The front door: one command, a subcommand for each thing an operator does.
@main
struct KeyturnCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keyturn",
        abstract: "A password-reset service: a link that is signed with the password it replaces, and so works once.",
        version: Version.text,
        subcommands: [
            Serve.self, Demo.self, Migrate.self, UserCommand.self, OutboxCommand.self, MailCommand.self,
            WebhookCommand.self,
            ConfigCommand.self, TemplatesCommand.self, SecretCommand.self, TokenCommand.self, BackupCommand.self,
            RestoreCommand.self,
            Doctor.self,
        ])

    /// A wrong argument is shown as it was pasted: one that a terminal would obey is refused unread, with the status of
    /// every wrong use.
    static func main() async {
        let isTypable = CommandLine.arguments.allSatisfy { argument in
            argument.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        }
        guard isTypable else {
            Terminal.note("an argument holds a control character")
            Foundation.exit(EX_USAGE)
        }
        await main(nil)
    }
}

enum Version {
    static let text = "0.1.0"
}
