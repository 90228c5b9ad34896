import Foundation
import Keyturn
import StrictJSON
import TestKit
import Testing

@testable import Mailroom

@Suite final class `Captured mail` {
    private let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
        "keyturn-\(UUID().uuidString)"
    ).path
    private let clock = SettableClock()

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    private func capture(name: String = "Example") throws -> Capture {
        try Capture(directory: directory, from: Sender(email: "noreply@example.com", name: name), clock: clock.wall)
    }

    private func letter(_ subject: String = "Reset") throws -> Letter {
        Letter(
            to: try #require(Recipient(.ann)), kind: .resetLink, outboxID: OutboxID(1), subject: subject,
            text: "Hello\n",
            html: "<p>Hello</p>")
    }

    private func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: directory).sorted() }

    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require((attributes[.posixPermissions] as? NSNumber)?.intValue)
    }

    @Test func `is one JSON file a mail, readable by its owner alone`() async throws {
        let verdict = try await capture().carry(letter())
        let name = try #require(try files().first)
        #expect(try files().count == 1)
        #expect(name.hasSuffix(".json"))
        let id = String(name.dropLast(5))
        #expect(verdict == .delivered(messageID: id))
        let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name)"))
        #expect(
            try JSON(parsing: Array(bytes))
                == .members(
                    ("to", .members(("email", .string("Ann@example.com")))),
                    ("from", .members(("email", .string("noreply@example.com")), ("name", .string("Example")))),
                    ("subject", .string("Reset")), ("text", .string("Hello\n")), ("html", .string("<p>Hello</p>")),
                    ("message_id", .string(id)), ("links", .array([]))))
        #expect(try mode(directory) == 0o700)
        #expect(try mode("\(directory)/\(name)") == 0o600)
    }

    @Test func `comes newest first, also within one millisecond`() async throws {
        let capture = try capture()
        for number in 1...12 {
            _ = await capture.carry(try letter("\(number)"))
            if number.isMultiple(of: 4) { clock.advance(by: .milliseconds(1)) }
        }
        #expect(capture.mails(limit: 5).map(\.subject) == ["12", "11", "10", "9", "8"])
        #expect(capture.mails(limit: 1).first?.at == .noon + .milliseconds(2))
        #expect(capture.mails(limit: 0).isEmpty)
    }

    @Test func `passes over files that are none of ours`() async throws {
        let capture = try capture(name: "")
        _ = await capture.carry(try letter())
        for name in [
            "x.json", ".part", "000000000000000001-000001-zzzzzzzzzzzzzzzz.json",
            "000000000000000001-000001-0000000000000000.json",
        ] {
            try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
        }
        #expect(capture.mails(limit: 10).map(\.subject) == ["Reset"])
    }

    @Test func `is tried later when the directory takes no file`() async throws {
        let capture = try capture()
        try FileManager.default.removeItem(atPath: directory)
        guard case .later = await capture.carry(try letter()) else {
            Issue.record("the mail was lost")
            return
        }
    }

    @Test func `refuses a directory that cannot be made`() {
        #expect(throws: Capture.DirectoryFailed.self) {
            try Capture(
                directory: "/dev/null/mail", from: Sender(email: "a@example.com", name: ""), clock: self.clock.wall)
        }
    }
}
