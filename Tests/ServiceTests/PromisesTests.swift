import Foundation
import Testing

@Suite struct `The documents about security` {
    static let root = `The README`.root

    /// Every test there is, by its name.
    func tests() throws -> Set<String> {
        let folder = Self.root.appending(path: "Tests")
        let files = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        let sources = try files.filter { $0.hasSuffix(".swift") }.map {
            try String(contentsOf: folder.appending(path: $0), encoding: .utf8)
        }
        return Set(sources.flatMap { $0.matches(of: /func `([^`]+)`/).map { String($0.1) } })
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
}
