import Foundation
import TestKit
import Testing

@Suite struct `The README` {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The first block of commands behind "The same with curl".
    func walkThrough() throws -> String {
        let readme = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
        let section = try #require(readme.components(separatedBy: "### The same with curl").dropFirst().first)
        return try #require(
            section.components(separatedBy: "```sh\n").dropFirst().first?.components(separatedBy: "```").first)
    }

    @Test func `walks through with curl as it is written`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let demo = try await RunningKeyturn.start(
            [RunningKeyturn.binary.path, "demo"], environment: ["KEYTURN_SERVER_PORT": "0"], directory: directory)
        let commands = try walkThrough()
        let ended = try await RunningKeyturn.run(
            ["-euo", "pipefail", "-c", commands], of: URL(fileURLWithPath: "/bin/bash"),
            environment: ["K": demo.url, "PATH": "/usr/bin:/bin"])
        #expect(ended.status == 0, "\(ended.errors)")

        // Each "# → words" must come, and in this order.
        var rest = Substring(ended.output)
        let expected = commands.components(separatedBy: "\n").compactMap {
            $0.hasPrefix("# → ") ? $0.dropFirst(4) : nil
        }
        #expect(expected.count == 5)
        for words in expected {
            let found = try #require(rest.range(of: words), "\(words) is missing in \(ended.output)")
            rest = rest[found.upperBound...]
        }
        #expect(await demo.stop() == 0)
    }

    @Test func `documents every key of the configuration in the example`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let example = Self.root.appending(path: "config.example.json").path
        let secret = "a secret for trying the example: 0123456789"
        let checked = try await RunningKeyturn.run(
            ["config", "check", "--config", example],
            environment: [
                "KEYTURN_SECRETS_STANDARD": secret, "SENDGRID_API_KEY": "SG.a-key", "HOME": directory.path,
            ])
        #expect(checked.status == 0, "\(checked.errors)")
        let rows = checked.output.components(separatedBy: "\n").filter { $0.contains(".") }
        let fromElsewhere = rows.filter { !$0.hasSuffix("  file") }
        #expect(fromElsewhere.map { $0.prefix { $0 != " " } } == ["secrets.standard", "mail.sendgrid.apiKey"])
    }
}
