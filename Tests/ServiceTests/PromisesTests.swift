import Foundation
import Testing

@Suite struct `The documents about security` {
    static let root = `The README`.root

    /// Every test there is, and every suite, by its name.
    func tests(declaredBy keyword: String = "func") throws -> Set<String> {
        let folder = Self.root.appending(path: "Tests")
        let files = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        let sources = try files.filter { $0.hasSuffix(".swift") }.map {
            try String(contentsOf: folder.appending(path: $0), encoding: .utf8)
        }
        return Set(
            sources.flatMap { source in
                source.matches(of: /(\w+) `([^`]+)`/).filter { $0.1 == keyword }.map { String($0.2) }
            })
    }

    @Test(arguments: ["threat-model.md", "asvs.md"])
    func `name tests that exist`(document: String) throws {
        let text = try String(contentsOf: Self.root.appending(path: "docs/\(document)"), encoding: .utf8)
        let tests = try tests()
        let lastCells = text.components(separatedBy: "\n").filter { $0.hasPrefix("|") }.compactMap {
            $0.components(separatedBy: "|").dropLast().last
        }
        let named = lastCells.flatMap { $0.matches(of: /`([^`]+)`/).map { String($0.1) } }
        #expect(named.count > 20)
        for name in named where !tests.contains(name) {
            // What is no test's name is a file, a key of the configuration or a command.
            let isFile = FileManager.default.fileExists(atPath: Self.root.appending(path: name).path)
            #expect(isFile || ["passwords.blocklistFile", "config check", "keyturn demo"].contains(name), "\(name)")
        }
    }

    /// There a test may stand behind its suite's name and ` / `, its own name be cut with `…`, and the commonest have short
    /// names, told before the first table.
    @Test func `name a test that exists for every requirement of HTTP`() throws {
        let text = try String(contentsOf: Self.root.appending(path: "docs/http.md"), encoding: .utf8)
        let (tests, suites) = (try tests(), try tests(declaredBy: "struct"))
        let lines = text.components(separatedBy: "\n")
        let shortNames = lines.drop { !$0.hasPrefix("Short names") }.prefix { !$0.isEmpty }.joined(separator: " ")
        let rows = lines.filter { $0.hasPrefix("| ") && !$0.hasPrefix("| requirement |") }
        #expect(rows.count > 100)
        for row in rows + ["| \(shortNames) |"] {
            let cell = row.components(separatedBy: "|").dropLast().last ?? ""
            #expect(cell.contains(/\w/), "\(row)")
            for match in cell.matches(of: /`([^`\/][^`]*)`/) {
                let parts = String(match.1).components(separatedBy: " / ")
                #expect(parts.count == 1 || suites.contains(parts[0]), "\(parts[0])")
                let name = parts[parts.count - 1]
                let pieces = name.components(separatedBy: "…").map { $0.trimmingCharacters(in: .whitespaces) }
                let isTest = tests.contains { test in
                    name.contains("…") ? pieces.allSatisfy { $0.isEmpty || test.contains($0) } : test == name
                }
                #expect(isTest, "\(name)")
            }
        }
    }
}
