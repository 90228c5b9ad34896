import ArgumentParser
import Cryptography

/// `keyturn secret`: what links are signed with, together with the password.
struct SecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secret", abstract: "Make a server secret.", subcommands: [Generate.self])

    struct Generate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print 48 random bytes in base64url, for secrets.standard.")

        func run() async { Terminal.say(Base64URL.encode(SecureRandom.bytes(48))) }
    }
}
