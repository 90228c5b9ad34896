import Foundation
import Glibc
import Keyturn
import Processes
import TestKit
import Testing

@testable import Mailroom

@Suite final class `A mail program` {
    private let directory: String

    init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("keyturn-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    private func letter(to address: String = "Ann@example.com") throws -> Letter {
        Letter(
            to: try #require(Recipient(User.ann.with(email: address))), kind: .resetLink, outboxID: OutboxID(42),
            subject: "Reset", text: "Hello\n", html: "<p>Hello</p>")
    }

    private func program(
        _ script: String, _ arguments: String..., limit: Duration = .seconds(60), atOnce: Int = 16
    ) throws -> Sendmail {
        let path = "\(directory)/program"
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
        var options = SendmailOptions(
            command: [path] + arguments, from: Sender(email: "no-reply@example.org", name: "Example"))
        (options.limit, options.processesMax) = (limit, atOnce)
        return try Sendmail(clock: SettableClock().wall, options: options)
    }

    private func file(_ name: String) throws -> String {
        try String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
    }

    @Test func `gets the message on its standard input, and the recipient behind two hyphens`() async throws {
        let sendmail = try program(
            "cat >\(directory)/mail; printf '%s\\n' \"$@\" >\(directory)/arguments", "-oi", "a b")
        guard case .delivered(let id?) = await sendmail.carry(try letter()) else {
            Issue.record("not delivered")
            return
        }
        #expect(try file("arguments") == "-oi\na b\n--\nAnn@example.com\n")
        let mail = try file("mail")
        #expect(mail.hasPrefix("Date: Thu, 01 Jan 2026 12:00:00 +0000\n"))
        #expect(mail.contains("\nMessage-ID: \(id)\n") && mail.contains("\nTo: <Ann@example.com>\n"))
    }

    @Test(arguments: [
        "-oQ/tmp@example.com", "--help@example.com", "$id@example.com", "`id`@example.com", "'@example.com",
    ])
    func `takes no recipient for an option or a command`(address: String) async throws {
        let sendmail = try program("for last; do :; done; printf '%s' \"$last\" >\(directory)/last; cat >/dev/null")
        guard case .delivered = await sendmail.carry(try letter(to: address)) else {
            Issue.record("not delivered")
            return
        }
        #expect(try file("last") == address)
    }

    @Test func `is not started for an address that would be more than one`() async throws {
        let sendmail = try program("touch \(directory)/started")
        for address in ["a@example.com\nb", "a@example.com,b@example.com", "a\u{0}@example.com"] {
            #expect(
                await sendmail.carry(try letter(to: address)) == .never(reason: "an address cannot stand in a header"))
        }
        #expect(!FileManager.default.fileExists(atPath: "\(directory)/started"))
    }

    @Test(arguments: [
        (75, Verdict.later(after: nil, reason: "ended with 75 (EX_TEMPFAIL): full", pausesEverybody: false)),
        (65, .never(reason: "ended with 65 (EX_DATAERR): full")),
        (66, .never(reason: "ended with 66 (EX_NOINPUT): full")),
        (67, .never(reason: "ended with 67 (EX_NOUSER): full")),
        (64, .stop(reason: "ended with 64 (EX_USAGE): full")),
        (68, .stop(reason: "ended with 68 (EX_NOHOST): full")),
        (69, .stop(reason: "ended with 69 (EX_UNAVAILABLE): full")),
        (77, .stop(reason: "ended with 77 (EX_NOPERM): full")),
        (78, .stop(reason: "ended with 78 (EX_CONFIG): full")),
        (1, .stop(reason: "ended with 1: full")), (127, .stop(reason: "ended with 127: full")),
    ])
    func `means by its exit status what sysexits.h says`(status: Int, verdict: Verdict) async throws {
        let sendmail = try program("cat >/dev/null; echo full >&2; exit \(status)")
        #expect(await sendmail.carry(try letter()) == verdict)
    }

    @Test func `is quoted for 256 bytes, without addresses and tokens`() async throws {
        let sendmail = try program(
            "cat >/dev/null; printf '<ann@example.com> token=eyJ.x.y refused ' >&2; for n in 1 2 3 4 5 6 7 8 9; do printf 'a word and another one after it ' >&2; done; exit 65"
        )
        guard case .never(let reason) = await sendmail.carry(try letter()) else {
            Issue.record("no refusal")
            return
        }
        #expect(reason.hasPrefix("ended with 65 (EX_DATAERR): (address) (removed) refused a word"))
        #expect(reason.utf8.count < 300)
    }

    @Test func `that does not end in time is killed, and may have brought the mail away`() async throws {
        let sendmail = try program("cat >/dev/null; sleep 600", limit: .seconds(1))
        #expect(await sendmail.carry(try letter()) == .answerLost(reason: "did not end in time"))
        let crashing = try program("cat >/dev/null; kill -SEGV $$")
        #expect(await crashing.carry(try letter()) == .answerLost(reason: "ended by signal 11"))
    }

    @Test func `that cannot be started stops the sending`() async throws {
        let options = SendmailOptions(
            command: ["/nonexistent/sendmail"], from: Sender(email: "no-reply@example.org", name: ""))
        let sendmail = try Sendmail(clock: SettableClock().wall, options: options)
        #expect(await sendmail.carry(try letter()) == .stop(reason: "cannot be started: No such file or directory"))
        for number in [EAGAIN, ENOMEM, EMFILE] {
            let answer = SendmailAnswer(end: .notStarted(errno: number))
            guard case .later = answer.verdict(messageID: "m", words: ProviderWords(secrets: [])) else {
                Issue.record("\(number)")
                continue
            }
        }
    }

    @Test func `runs so many times at once, and no more`() async throws {
        let sendmail = try program("cat >/dev/null; sleep 2", atOnce: 2)
        let letter = try letter()
        let verdicts = await withTaskGroup(of: Verdict.self) { group in
            for _ in 0..<5 { group.addTask { await sendmail.carry(letter) } }
            return await group.reduce(into: [Verdict]()) { $0.append($1) }
        }
        #expect(verdicts.count { if case .delivered = $0 { true } else { false } } == 2)
        #expect(
            verdicts.count {
                $0 == .later(after: .seconds(1), reason: "2 programs run already", pausesEverybody: false)
            }
                == 3)
    }

    @Test(arguments: [[], ["sendmail"], ["./sendmail"], ["/bin/x\u{0}"], ["/bin/x", "a\u{0}b"], [""]])
    func `is named by an absolute path`(command: [String]) {
        let options = SendmailOptions(command: command, from: Sender(email: "a@example.org", name: ""))
        #expect(throws: Sendmail.CommandRefused()) { try Sendmail(clock: SettableClock().wall, options: options) }
    }

    @Test func `has time until its lease ends`() throws {
        #expect(try program("true", limit: .seconds(30)).attemptLimit <= .seconds(40))
    }
}
