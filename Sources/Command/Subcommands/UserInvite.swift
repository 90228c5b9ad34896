import ArgumentParser
import Keyturn
import PasswordHashing

extension UserCommand {
    /// `keyturn user invite EMAIL`.
    struct Invite: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "invite", abstract: "Mail a link with which the first password of an account is chosen.",
            discussion: """
                If no account has the address, one is added, verified and without a password. The link works for \
                tokens.inviteLifetime. A second invitation leaves the first one alive; using either ends both. An account that has a \
                password is not invited.
                """)

        @Argument(help: "The email address.") var email: String
        @Option(help: "The language of the message, such as de. Without it, the service's own.") var language: String?
        @OptionGroup var options: ConfigurationOptions

        func validate() throws {
            if let language, !AccountManagement.isLanguage(language) {
                throw ValidationError("--language: must be a tag such as de or pt-BR")
            }
        }

        func run() async throws {
            let address = try parsed(email)
            try await UserCommand.managing(options) { management, store, settings in
                if try await management.found(.email(address)) == nil {
                    let new = NewUser(email: address, passwordHash: .unusable(), isVerified: true)
                    do { _ = try await store.accounts.add(new, at: WallClock.system.now()) } catch AddUserFailed.exists
                    {
                        // Added meanwhile: it is invited all the same.
                    }
                }
                try await management.invite(
                    .email(address), for: settings.inviteLifetime, language: language?.lowercased())
                Terminal.say(try await management.user(.email(address)).id.text)
                Terminal.note("invited: the running service sends the message")
            }
        }
    }
}
