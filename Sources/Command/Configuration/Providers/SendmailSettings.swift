import Foundation
import Mailroom
import StrictJSON

extension Key {
    static let sendmailCommand = Key("mail.sendmail.command", .list)
}

/// `mail.sendmail`: a program of this machine takes the letters.
struct SendmailSettings: ProviderSettings {
    static let keys: [Key] = [.sendmailCommand]

    let command: [String]

    init(
        _ mail: Settings.Mail, _ values: Values, readFile: (String) throws -> [UInt8]
    ) throws(ConfigurationRefused) {
        command = try values.words(.sendmailCommand)
        guard command.isEmpty || SendmailOptions.isCommand(command) else {
            throw ConfigurationRefused(
                .sendmailCommand,
                #"must be a list of the program's absolute path and its arguments, such as ["/usr/bin/msmtp", "-C", "/etc/msmtprc"]"#
            )
        }
    }

    var missing: [ConfigurationRefused] {
        command.isEmpty ? [ConfigurationRefused(.sendmailCommand, "missing: mail.provider is sendmail")] : []
    }

    /// Before the first letter is lost on it.
    func check() throws(ConfigurationRefused) {
        guard let path = command.first else { return }
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw ConfigurationRefused(.sendmailCommand, "\(Printable.text(path)) is no program that may be run")
        }
    }

    func carriage(_ parts: CarriageParts) throws(ConfigurationRefused) -> Carriage {
        guard !command.isEmpty else { throw missing[0] }
        try check()
        var options = SendmailOptions(command: command, from: parts.sender)
        options.processesMax = min(parts.parallel, SendmailOptions.processesMost)
        let sendmail: Sendmail
        do { sendmail = try Sendmail(clock: parts.clock, options: options) } catch { throw missing[0] }
        return Carriage(
            carrier: sendmail, test: { await sendmail.carry($0) }, parallelMax: SendmailOptions.processesMost)
    }
}

extension Values {
    /// A list whose words stay as they are: in the environment and in flags it is JSON, since words may hold commas.
    func words(_ key: Key) throws(ConfigurationRefused) -> [String] {
        guard case .text(let text) = layers.raw(key)?.value else { return try list(key) }
        if text.isEmpty { return [] }
        guard let array = (try? JSON(parsing: Array(text.utf8)))?.arrayValue else {
            throw ConfigurationRefused(key, "must be a list in JSON")
        }
        let words = array.compactMap(\.stringValue)
        guard words.count == array.count else { throw ConfigurationRefused(key, "must be a list of strings") }
        return words
    }
}
