import ArgumentParser
import Keyturn

extension UserCommand {
    /// `keyturn user verify EMAIL`.
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify", abstract: "Mark the address of an account as verified: it gets mail from now on.")

        @Argument(help: "The email address.") var email: String
        @OptionGroup var options: ConfigurationOptions

        func run() async throws { try await UserCommand.set(email, verified: true, options) }
    }

    /// `keyturn user unverify EMAIL`.
    struct Unverify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "unverify",
            abstract: "Mark the address of an account as not verified: it gets no mail. Open links keep working.")

        @Argument(help: "The email address.") var email: String
        @OptionGroup var options: ConfigurationOptions

        func run() async throws { try await UserCommand.set(email, verified: false, options) }
    }

    private static func set(_ email: String, verified: Bool, _ options: ConfigurationOptions) async throws {
        let address = try parsed(email)
        try await managing(options) { management, _, _ in
            let isChanged = try await management.change(.email(address), to: AccountWish(isVerified: verified))
            let state = verified ? "verified" : "not verified"
            Terminal.say(isChanged ? state : "\(state) already")
        }
    }
}
