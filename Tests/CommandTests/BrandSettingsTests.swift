import Foundation
import Testing

@testable import Command

@Suite struct `The settings of a brand` {
    private func brand(_ flags: [String: String]) throws -> Brand {
        try Settings(Layers(flags: flags, environment: [:], file: nil), readFile: { _ in [] }).brand
    }

    private func refusal(_ flags: [String: String], _ use: (Brand) throws -> Void = { _ in }) -> String? {
        do { try use(brand(flags)) } catch { return "\(error)" }
        return nil
    }

    private func folder() throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: "keyturn-brand-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder.path
    }

    @Test func `are refused by name where nobody could read or reach them`() {
        #expect(refusal(["brand.color": "green"]) == "brand.color: must be a color such as #0f5f4c")
        #expect(
            refusal(["brand.color": "#f0c000"])
                == "brand.color: #f0c000 is too light: its contrast is 1.5, and text needs at least 4.5")
        #expect(refusal(["brand.color": "#1d4ed8"]) == nil)
        for url in ["help.example.com", "javascript:alert(1)", "https://help example", "https://ex\u{E4}mple"] {
            #expect(refusal(["brand.supportURL": url])?.hasPrefix("brand.supportURL: ") == true, "\(url)")
        }
        #expect(refusal(["brand.supportURL": "mailto:help@example.com"]) == nil)
        #expect(
            refusal(["brand.logo": "/nowhere.png"]) { _ = try $0.logo() }
                == "brand.logo: cannot read /nowhere.png: No such file or directory")
    }

    @Test func `name the file and the line of a broken template`() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let flags = ["templates.directory": folder]
        try "notes".write(toFile: "\(folder)/README", atomically: true, encoding: .utf8)
        try "<p>{{title}}</p>".write(toFile: "\(folder)/login.mustache", atomically: true, encoding: .utf8)
        #expect(try brand(flags).templates() == ["login.mustache": Array("<p>{{title}}</p>".utf8)])

        try "{{t.hello}}\n{{#device}}".write(
            toFile: "\(folder)/reset-link.text.mustache", atomically: true, encoding: .utf8)
        let broken = refusal(flags) { _ = try $0.templates() }
        #expect(broken?.hasPrefix("templates.directory: reset-link.text.mustache, line 2: ") == true)

        try "".write(toFile: "\(folder)/logn.mustache", atomically: true, encoding: .utf8)
        #expect(
            refusal(flags) { _ = try $0.templates() }
                == "templates.directory: logn.mustache is not a template of keyturn: see `keyturn templates export`")
        #expect(
            refusal(["templates.directory": folder + "/none"]) { _ = try $0.templates() }
                == "templates.directory: cannot read \(folder)/none: No such file or directory")
    }
}
