import Mailroom
import Web

/// `mail.capture`: letters become files.
struct CaptureSettings: ProviderSettings {
    static let keys: [Key] = [.captureDirectory]
    /// Letters that the demo's mailbox shows.
    private static let shownMax = 100

    private let directory: String

    init(
        _ mail: Settings.Mail, _ values: Values, readFile: (String) throws -> [UInt8]
    ) throws(ConfigurationRefused) {
        directory = try values.text(.captureDirectory)
    }

    func check() throws(ConfigurationRefused) { try NamedFiles.checkFolder(directory) }

    func carriage(_ parts: CarriageParts) throws -> Carriage {
        let capture = try Capture(directory: directory, from: parts.sender, clock: parts.clock)
        let mailbox: @Sendable () async -> [DemoMail] = {
            // Reads files, which must not happen on an event loop.
            await Task.detached {
                capture.mails(limit: Self.shownMax).map {
                    DemoMail(
                        id: $0.id, to: $0.to, subject: $0.subject, text: $0.text, html: $0.html, links: $0.links,
                        at: $0.at)
                }
            }.value
        }
        return Carriage(carrier: capture, test: { await capture.carry($0) }, mailbox: mailbox)
    }
}
