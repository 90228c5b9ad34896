import ArgumentParser
import Keyturn

extension UserCommand {
    /// `keyturn user expire EMAIL|--all`.
    struct Expire: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "expire",
            abstract: "Refuse the present password of an account, or of all, until a new one is set.",
            discussion: """
                Open links and sessions end. Signing in with the old password is answered with password_expired, and leads to the form \
                for a link. With --mail, each verified and enabled account is mailed a link; the running service sends these messages \
                at --rate, and goes on after a restart. An account that has expired already is not expired again, and is mailed again \
                with --mail.
                """)

        @Argument(help: "The email address.") var email: String?
        @Flag(help: "All accounts.") var all = false
        @Flag(help: "Mail each verified and enabled account a link.") var mail = false
        @Option(help: "How many messages go out in a time, such as 10/s or 600/m.") var rate = "10/s"
        @Flag(help: "Do not ask where a question is worth it.") var yes = false
        @OptionGroup var options: ConfigurationOptions

        func validate() throws {
            if (email == nil) != all { throw ValidationError("name one EMAIL, or --all") }
            if interval == nil { throw ValidationError("--rate: must be between 1/h and 1000/s, such as 10/s") }
        }

        /// From one message to the next.
        private var interval: Duration? {
            guard let (count, per) = Units.rate(rate), count > 0 else { return nil }
            let interval = per / count
            return (.milliseconds(1) ... .seconds(3600)).contains(interval) ? interval : nil
        }

        func run() async throws {
            let address = try email.map(parsed)
            let interval = mail ? interval : nil
            try await UserCommand.managing(options) { management, _, _ in
                guard let address else {
                    let progress = Progress("accounts")
                    let (expired, mailed) = try await management.expireAll(mailingEvery: interval) { progress.show($0) }
                    progress.end()
                    Terminal.say("\(expired) expired" + (mail ? ", \(mailed) to be mailed at \(rate)" : ""))
                    return
                }
                try await management.expire(.email(address), mailingEvery: interval)
                Terminal.say("expired")
                if mail {
                    let user = try await management.user(.email(address))
                    if Recipient(user) == nil {
                        Terminal.note("no message will be sent: the account is disabled or its address is not verified")
                    }
                }
            }
        }
    }
}
