package import Keyturn
import Processes
import Synchronization

/// Hands letters to a program of this machine that takes them as `sendmail` does: the message on standard input, the recipient behind
/// `--`. No shell reads the command, and the program's environment is `PATH` alone.
package struct Sendmail: Carrier {
    /// The command is none: see ``SendmailOptions/isCommand(_:)``.
    package struct CommandRefused: Error, Equatable {
        package init() {}
    }

    private let options: SendmailOptions
    private let program: Program
    private let arguments: [String]
    private let clock: WallClock
    private let running = Running()
    private let words = ProviderWords(secrets: [])

    package init(clock: WallClock, options: SendmailOptions) throws(CommandRefused) {
        guard SendmailOptions.isCommand(options.command) else { throw CommandRefused() }
        self.options = options
        self.clock = clock
        program = Program(
            path: options.command[0], limit: options.limit, saidBytesMax: SendmailOptions.saidBytesMax)
        arguments = Array(options.command.dropFirst()) + ["--"]
    }

    /// And the moment in which it is ended.
    package var attemptLimit: Duration { options.limit + .seconds(3) }

    package func carry(_ letter: Letter) async -> Verdict { await carry(Mail(letter)) }

    /// The narrow way out for an operator's own address (`mail test`).
    package func carry(_ letter: TestLetter) async -> Verdict { await carry(Mail(letter)) }

    private func carry(_ mail: Mail) async -> Verdict {
        guard let message = MIMEMessage(mail, from: options.from, at: clock.now()) else {
            return .never(reason: "an address cannot stand in a header")
        }
        guard running.begin(atMost: options.processesMax) else {
            return .later(
                after: .seconds(1), reason: "\(options.processesMax) programs run already", pausesEverybody: false)
        }
        defer { running.end() }
        let end = await program.run(arguments + [mail.mailable], input: message.bytes)
        return SendmailAnswer(end: end).verdict(messageID: message.id, words: words)
    }

    /// How many programs run.
    private final class Running: Sendable {
        private let count = Mutex(0)

        func begin(atMost limit: Int) -> Bool {
            count.withLock { count in
                guard count < limit else { return false }
                count += 1
                return true
            }
        }

        func end() { count.withLock { $0 -= 1 } }
    }
}
