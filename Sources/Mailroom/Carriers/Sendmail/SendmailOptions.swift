/// Settings of ``Sendmail``, with their defaults.
package struct SendmailOptions: Sendable {
    /// The program, an absolute path, and its own arguments; `--` and the recipient come behind them.
    package var command: [String]
    package var from: Sender
    /// How long it may take with one message; then it is ended by SIGKILL.
    package var limit: Duration = .seconds(30)
    /// Programs that run at once.
    package var processesMax = Self.processesMost
    package static let processesMost = 16
    /// What it says to standard error and is kept, in bytes.
    static let saidBytesMax = 256
    package init(command: [String], from: Sender) {
        self.command = command
        self.from = from
    }

    /// Whether it is a command: an absolute path first, nothing empty before it, no U+0000.
    package static func isCommand(_ command: [String]) -> Bool {
        guard let path = command.first, path.utf8.first == UInt8(ascii: "/") else { return false }
        return command.count <= 64 && command.allSatisfy { !$0.utf8.contains(0) && $0.utf8.count <= 4096 }
    }
}
