import Foundation
import Testing

@testable import Command

@Suite struct `A file that is named in the configuration` {
    private func words(_ path: String) -> String? {
        do throws(FileRefused) {
            _ = try FileContents.bytes(of: path)
            return nil
        } catch { return "\(error)" }
    }

    @Test func `is read whole`() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "keyturn-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        #expect(try FileContents.bytes(of: path) == bytes)
    }

    @Test func `that cannot be read is named with its path and the cause`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "keyturn-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(words("\(folder)/none") == "\(folder)/none: No such file or directory")
        #expect(words(folder) == "\(folder): Is a directory")
        #expect(words("\(folder)/\u{202E}") == "\(folder)/\\u{202e}: No such file or directory")
        #expect(words("/proc/self/mem") == "/proc/self/mem: Input/output error")
    }

    @Test func `and its cause are told with the key`() throws {
        for (key, more) in [
            ("secrets.file", [:]), ("mail.sendgrid.apiKeyFile", [:]),
            ("webhooks.secretFile", ["webhooks.url": "https://app.example.com/hook"]),
        ] {
            let flags = [key: "/nowhere/secret"].merging(more) { $1 }
            let layers = try Layers(flags: flags, environment: [:], file: nil)
            #expect(throws: ConfigurationRefused("\(key): cannot read /nowhere/secret: No such file or directory")) {
                try Settings(layers, readFile: ConfigurationOptions.contents)
            }
        }
    }
}
