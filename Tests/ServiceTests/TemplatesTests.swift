import Foundation
import TestKit
import Testing

@Suite struct `The templates` {
    private let directory: URL
    private var folder: String { directory.appending(path: "templates").path }
    private var preview: String { directory.appending(path: "preview").path }

    init() throws { directory = try RunningKeyturn.temporaryDirectory() }

    private func keyturn(_ arguments: String...) async throws -> (status: Int32, output: String, errors: String) {
        try await RunningKeyturn.run(
            arguments,
            environment: RunningKeyturn.environment(in: directory, ["KEYTURN_TEMPLATES_DIRECTORY": folder]))
    }

    private func file(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    private func overwrite(_ name: String, _ text: String) throws {
        try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
    }

    @Test func `are written once, and what was changed in them is seen`() async throws {
        #expect(try await keyturn("templates", "export", folder).status == 0)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(names.count == 28)
        #expect(names.allSatisfy { $0.hasSuffix(".mustache") })
        try overwrite("sent.mustache", "<p>{{title}}, then?</p>")
        try overwrite("password-changed.text.mustache", "{{t.hello}} It is {{siteURL}}.")

        let again = try await keyturn("templates", "export", folder)
        #expect(again.status == 0)
        #expect(again.errors.contains("sent.mustache exists already, not overwritten"))
        #expect(try file("\(folder)/sent.mustache") == "<p>{{title}}, then?</p>")

        let shown = try await keyturn("templates", "preview", preview)
        #expect(shown.status == 0)
        #expect(shown.output == "\(preview)/index.html\n")
        #expect(try file("\(preview)/de/sent.html") == "<p>Sehen Sie in Ihrem Postfach nach, then?</p>")
        #expect(try file("\(preview)/de/letter-password-changed.txt").hasPrefix("Guten Tag, It is http"))
        let index = try file("\(preview)/index.html")
        let links = index.split(separator: "<a href=\"").dropFirst().map { String($0.prefix { $0 != "\"" }) }
        #expect(links.count == 15 * 42)
        for link in links { #expect(try !file("\(preview)/\(link)").contains("{{"), "\(link)") }
    }

    @Test func `are previewed with the logo, whatever kind of picture it is`() async throws {
        let logo = directory.appending(path: "acme").path
        let svg = #"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="4"/></svg>"#
        try svg.write(toFile: logo, atomically: true, encoding: .utf8)
        let shown = try await RunningKeyturn.run(
            ["templates", "preview", preview],
            environment: RunningKeyturn.environment(
                in: directory, ["KEYTURN_BRAND_LOGO": logo, "KEYTURN_BRAND_LOGO_SHOWS_NAME": "true"]))
        #expect(shown.status == 0, "\(shown.errors)")
        // A browser knows what a file is by its ending.
        #expect(try file("\(preview)/assets/logo.svg") == svg)
        let page = try file("\(preview)/en/login.html")
        #expect(page.contains(#"<img class="logo" src="../assets/logo.svg?v="#))
        #expect(!page.contains("<span>"))
    }

    @Test(arguments: [
        ("login.mustache", "<p>\n\n{{#a}}</p>", "login.mustache, line 3: "),
        ("alert.mustache", "<p>\n{{>nowhere}}</p>", "alert.mustache, line 2: there is no template nowhere"),
        ("logon.mustache", "<p></p>", "logon.mustache is not a template of keyturn"),
        (
            "reset-link.text.mustache", "{{t.hello}} {{#device}}{{url}}{{/device}}",
            "the message made from reset-link.text.mustache does not show the reset link: the template needs {{url}}"
        ),
        ("reset-link.html.mustache", "<p>{{t.hello}}", "the message made from reset-link.html.mustache does not show"),
        ("frame.html.mustache", "<p>{{title}}</p>", "the message made from reset-link.html.mustache does not show"),
        ("forgot.mustache", "<form></form>", "the page made from forgot.mustache has no form field named email"),
        ("layout.mustache", "<p>{{title}}</p>", "the page made from forgot.mustache has no form field named email"),
        (
            "reset.mustache", "<input name='token'><input name=password><p>",
            "the page made from reset.mustache has no form field named confirm_password"
        ),
        ("notme.mustache", "<p>", "the page made from notme.mustache has no form field named token"),
    ])
    func `stop the start where they are broken, named with file and line`(name: String, text: String, said: String)
        async throws
    {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try overwrite(name, text)
        for arguments in [["serve"], ["templates", "preview", preview], ["config", "check"]] {
            let ended = try await RunningKeyturn.run(
                arguments,
                environment: RunningKeyturn.environment(in: directory, ["KEYTURN_TEMPLATES_DIRECTORY": folder]))
            #expect(ended.status == 1, "\(arguments)")
            #expect(ended.errors.contains("templates.directory: \(said)"), "\(ended.errors)")
            #expect(!ended.output.contains("listening"))
        }
        #expect(!FileManager.default.fileExists(atPath: preview))
    }
}
