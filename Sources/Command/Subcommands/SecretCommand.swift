import ArgumentParser
import Cryptography
import Keyturn

/// `keyturn secret`: what links are signed with, together with the password, and what the app's messages are signed with.
struct SecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secret", abstract: "Generate a secret.", subcommands: [Generate.self])

    struct Generate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "generate", abstract: "Print 48 random bytes in base64url, for secrets.standard.")

        @Flag(help: "Generate one for webhooks.secret instead: whsec_ and 32 random bytes in base64.") var webhook =
            false

        func run() async {
            Terminal.say(webhook ? WebhookSecrets.generate() : Base64URL.encode(SecureRandom.bytes(48)))
        }
    }
}
