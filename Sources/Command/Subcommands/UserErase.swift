import ArgumentParser
import Keyturn

extension UserCommand {
    /// `keyturn user erase EMAIL`.
    struct Erase: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "erase", abstract: "Remove an account and everything that names the person.",
            discussion: """
                Removed are the account, its requests, messages, webhooks, mail log and reports. Lines of the audit log keep event and \
                time, under a random name. What tells of a changed password is delivered first: the command waits up to ten seconds for \
                the running service. Then the files of the database are cleaned; if another process keeps them in use for ten seconds, \
                the exit status is 1. Backups are yours to remove.
                """)

        @Argument(help: "The email address.") var email: String
        @Flag(help: "Drop messages about a changed password that still wait.") var dropNotices = false
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let address = try parsed(email)
            let (isErased, traces) = try await UserCommand.managing(options) { management, store, _ in
                do throws(ManagementRefused) {
                    let traces = try await management.erase(
                        .email(address), waitingAtMost: dropNotices ? .zero : AccountManagement.noticeLimit,
                        dropsNotices: dropNotices)
                    return (true, traces)
                } catch {
                    // Erased before, perhaps, and its traces were in use then.
                    guard error == .unknown else { throw error }
                    return (false, try await store.records.removeTraces())
                }
            }
            if isErased { Terminal.say("erased") }
            switch traces {
            case .none: break
            case .elsewhere(let sentence): Terminal.note(sentence)
            case .blocked(let file):
                throw CommandFailed(
                    """
                    the account is gone, but \(Printable.text(file)) still holds traces of it, because another process keeps the file in \
                    use. End that process, and run this command again
                    """)
            }
            if !isErased { throw CommandFailed("no account has this address") }
        }
    }
}
