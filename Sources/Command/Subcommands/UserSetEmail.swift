import ArgumentParser
import Keyturn

extension UserCommand {
    /// `keyturn user set-email OLD NEW`.
    struct SetEmail: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set-email", abstract: "Change the address of an account.",
            discussion: """
                Open links and sessions of the account end. The old address, if it was verified, gets a notice without a link. The \
                account stays verified or not, as it is: `keyturn user unverify` the new address if nobody has checked it.
                """)

        @Argument(help: "The present email address.") var old: String
        @Argument(help: "The new email address.") var new: String
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let (old, new) = (try parsed(old), try parsed(new))
            try await UserCommand.managing(options) { management, _, _ in
                let isChanged = try await management.change(.email(old), to: AccountWish(email: new))
                Terminal.say(isChanged ? "changed" : "unchanged: the account has this address already")
            }
        }
    }
}
