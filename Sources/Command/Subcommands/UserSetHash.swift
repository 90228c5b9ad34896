import ArgumentParser
import Keyturn
import PasswordHashing

extension UserCommand {
    /// `keyturn user set-hash EMAIL`, the hash on standard input: in an argument every process of the machine could read it.
    struct SetHash: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set-hash",
            abstract: "Store another password hash for an account, read from the first line of standard input.",
            discussion: "Open links and sessions of the account end, and so does an expiry. No message is sent.")

        @Argument(help: "The email address.") var email: String
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let address = try parsed(email)
            guard let line = readLine(strippingNewline: true), !line.isEmpty else {
                throw CommandFailed("no password hash on standard input")
            }
            let hash = PasswordHash(line)
            guard PasswordHasher.canVerify(hash) else {
                throw CommandFailed("standard input: keyturn cannot verify a hash of this format")
            }
            try await UserCommand.managing(options) { management, _, _ in
                let isChanged = try await management.change(.email(address), to: AccountWish(hash: hash))
                Terminal.say(isChanged ? "changed" : "unchanged: the account has this hash already")
            }
        }
    }
}
