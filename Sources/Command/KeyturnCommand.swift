import ArgumentParser

/// The front door: one command, a subcommand for each thing an operator does.
@main
struct KeyturnCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keyturn",
        abstract: "A password-reset service: a link that is signed with the password it replaces, and so works once.",
        version: Version.text,
        subcommands: [
            Serve.self, Demo.self, Migrate.self, UserCommand.self, OutboxCommand.self, MailCommand.self,
            ConfigCommand.self, SecretCommand.self, TokenCommand.self,
        ])
}

enum Version {
    static let text = "0.1.0"
}
