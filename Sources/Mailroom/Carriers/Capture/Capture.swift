package import Keyturn
import Foundation
import StrictJSON
import Synchronization
import Telemetry

/// Keeps letters as files instead of sending them: one JSON file a mail, for trying things out and for tests.
///
/// `{"to": {"email"}, "from": {"email", "name"?}, "subject", "text", "html", "message_id", "links", "headers"}`. A file appears whole: it is
/// written under another name, synced and renamed. Names begin with the time, so they sort by it. Directory 0700, files 0600:
/// live links lie in them.
package struct Capture: Carrier {
    package struct DirectoryFailed: Error, CustomStringConvertible {
        package let directory: String
        package let reason: String
        package var description: String { "mail.capture.directory: cannot use \(directory): \(reason)" }
    }

    private let directory: URL
    private let from: Sender
    private let clock: WallClock
    private let sequence = Sequence()
    /// A larger file is none of ours.
    private static let fileBytesMax = 1_000_000

    /// Makes the directory where it is missing.
    package init(directory: String, from: Sender, clock: WallClock) throws(DirectoryFailed) {
        self.directory = URL(fileURLWithPath: directory, isDirectory: true)
        self.from = from
        self.clock = clock
        do {
            try FileManager.default.createDirectory(
                at: self.directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw DirectoryFailed(directory: directory, reason: SystemWords.words(error))
        }
    }

    package func carry(_ letter: Letter) async -> Verdict { keep(Mail(letter)) }

    /// The narrow way out for an operator's own address (`mail test`).
    package func carry(_ letter: TestLetter) async -> Verdict { keep(Mail(letter)) }

    private func keep(_ mail: Mail) -> Verdict {
        let id = CaptureID(at: clock.now(), number: sequence.next())
        do {
            try write(contents(of: mail, id: id), as: id)
            return .delivered(messageID: id.text)
        } catch {
            return .later(
                after: nil, reason: "cannot write into mail.capture.directory: \(SystemWords.words(error))",
                pausesEverybody: false)
        }
    }

    private func contents(of mail: Mail, id: CaptureID) -> [UInt8] {
        var sender: [JSON.Member] = [JSON.Member("email", .string(from.email))]
        if !from.name.isEmpty { sender.append(JSON.Member("name", .string(from.name))) }
        return JSON.members(
            ("to", .members(("email", .string(mail.to)))), ("from", .object(sender)),
            ("subject", .string(mail.subject)),
            ("text", .string(mail.text)), ("html", .string(mail.html)), ("message_id", .string(id.text)),
            ("links", .array(MailLinks.all(in: mail.text).map { .string($0) })),
            ("headers", .object(mail.headers.map { JSON.Member($0.name, .string($0.value)) }))
        ).write()
    }

    private func write(_ bytes: [UInt8], as id: CaptureID) throws {
        let unfinished = directory.appendingPathComponent(".\(id.text).part")
        let isMade = FileManager.default.createFile(
            atPath: unfinished.path, contents: nil, attributes: [.posixPermissions: 0o600])
        guard isMade else { throw CocoaError(.fileWriteUnknown) }
        do {
            let file = try FileHandle(forWritingTo: unfinished)
            defer { try? file.close() }
            try file.write(contentsOf: Data(bytes))
            try file.synchronize()
            try FileManager.default.moveItem(at: unfinished, to: directory.appendingPathComponent(id.fileName))
        } catch {
            try? FileManager.default.removeItem(at: unfinished)
            throw error
        }
    }

    /// The newest first. Files that are none of ours are passed over.
    package func mails(limit: Int) -> [CapturedLetter] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return names.compactMap { CaptureID(fileName: $0) }.sorted { $0.text > $1.text }.prefix(max(0, limit))
            .compactMap { read($0) }
    }

    private func read(_ id: CaptureID) -> CapturedLetter? {
        guard let file = try? FileHandle(forReadingFrom: directory.appendingPathComponent(id.fileName)) else {
            return nil
        }
        defer { try? file.close() }
        guard let data = try? file.read(upToCount: Self.fileBytesMax), let json = try? JSON(parsing: Array(data)),
            let to = json["to"]?["email"]?.stringValue, let subject = json["subject"]?.stringValue,
            let text = json["text"]?.stringValue, let html = json["html"]?.stringValue
        else { return nil }
        return CapturedLetter(
            id: id.text, to: to, subject: subject, text: text, html: html, links: MailLinks.all(in: text), at: id.at)
    }

    /// Tells two mails of one millisecond apart, in their order.
    private final class Sequence: Sendable {
        private let last = Atomic<UInt32>(0)
        func next() -> UInt32 { last.wrappingAdd(1, ordering: .relaxed).newValue % 1_000_000 }
    }
}

/// `000001795379700123-000001-0f3a…`: milliseconds since 1970, a number within this process, something random.
private struct CaptureID {
    let text: String
    let at: Timestamp
    var fileName: String { "\(text).json" }

    init(at moment: Timestamp, number: UInt32) {
        let random = String(UInt64.random(in: .min ... .max), radix: 16)
        text = [
            Self.padded(String(max(0, moment.milliseconds)), to: 18), Self.padded(String(number), to: 6),
            Self.padded(random, to: 16),
        ].joined(separator: "-")
        at = moment
    }

    init?(fileName: String) {
        let suffix = ".json"
        guard fileName.utf8.count == 42 + suffix.utf8.count, fileName.hasSuffix(suffix) else { return nil }
        let text = String(fileName.dropLast(suffix.count))
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let isPlain = text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) || $0 == 0x2D }
        guard isPlain, parts.count == 3, let milliseconds = Int64(parts[0]) else { return nil }
        self.text = text
        at = Timestamp(milliseconds: milliseconds)
    }

    private static func padded(_ digits: String, to width: Int) -> String {
        String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

/// A mail as ``Capture`` kept it.
package struct CapturedLetter: Sendable {
    /// Its file's name without `.json`; its `message_id` too.
    package let id: String
    package let to: String
    package let subject: String
    package let text: String
    package let html: String
    /// The addresses in it, in their order: of a message with a reset link, that is the first.
    package let links: [String]
    package let at: Timestamp
    package init(
        id: String, to: String, subject: String, text: String, html: String, links: [String], at: Timestamp
    ) {
        self.id = id
        self.to = to
        self.subject = subject
        self.text = text
        self.html = html
        self.links = links
        self.at = at
    }
}
