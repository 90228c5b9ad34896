import ArgumentParser
import Foundation
import Keyturn
import Mailroom
import Templating
import Web
import Wording

/// `keyturn templates`: ours to start from, and a look at what became of them.
struct TemplatesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "templates", abstract: "Customize pages and messages.", subcommands: [Export.self, Preview.self])

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export",
            abstract:
                "Write keyturn's templates to a directory. Those that you keep in templates.directory replace keyturn's."
        )

        @Argument(help: "A directory. Files that exist are not overwritten.") var directory: String

        func run() async throws {
            for source in PageTemplates.all.sources + Letter.templates.sources {
                let file = "\(directory)/\(source.file)"
                if FileManager.default.fileExists(atPath: file) {
                    Terminal.note("\(Printable.text(file)) exists already, not overwritten")
                } else {
                    try Folder.write(source.text, to: file)
                }
            }
        }
    }

    struct Preview: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "preview",
            abstract: "Render every page and message with sample data, in every language, to a directory.")

        @Argument(help: "A directory. Its index.html links to all of them.") var directory: String
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let settings = try options.settings()
            let brand = settings.brand
            let templates = try brand.templates()
            let name = brand.name ?? settings.mail.fromName ?? "keyturn"
            let url = settings.server.publicURL ?? "https://accounts.example.com"

            var facing = WebOptions(publicURL: url)
            facing.siteName = name
            facing.mailInterval = settings.mail.budget.interval
            facing.palette = brand.palette
            facing.logo = try brand.logo()
            facing.logoShowsName = brand.logoShowsName
            facing.supportURL = brand.supportURL
            facing.templates = templates
            let texts = try CurrentTexts(TextFiles.catalogues(in: settings.pages.textsDirectory))
            facing.texts = texts
            facing.takeOver(settings.pages)
            let site = Site(name: name, url: url, supportURL: brand.supportURL, palette: brand.palette)

            var shown: [String] = []
            for page in try Web.samples(facing) {
                try Folder.write(page.bytes, to: "\(directory)/\(page.path)")
                if page.path.hasSuffix(".html") { shown.append(page.path) }
            }
            for letter in try Letter.samples(site: site, templates: templates, texts: texts) {
                try Folder.write(Array(letter.html.utf8), to: "\(directory)/\(letter.path).html")
                try Folder.write(Array(letter.text.utf8), to: "\(directory)/\(letter.path).txt")
                shown += ["\(letter.path).html", "\(letter.path).txt"]
            }
            try Folder.write(Array(Self.index(of: shown).utf8), to: "\(directory)/index.html")
            Terminal.say("\(directory)/index.html")
        }

        /// The names are ours: nothing in them needs escaping.
        private static func index(of paths: [String]) -> String {
            let sections = Language.allCases.map { language in
                let links = paths.filter { $0.hasPrefix(language.tag + "/") }
                    .map { "<li><a href=\"\($0)\">\($0.dropFirst(language.tag.count + 1))</a></li>" }
                return "<h2>\(language.tag)</h2>\n<ul>\(links.joined(separator: "\n"))</ul>"
            }
            return """
                <!doctype html>
                <html lang="en"><meta charset="utf-8"><title>Pages and messages</title>
                <style>body { font-family: system-ui, sans-serif; margin: 2rem } ul { columns: 14rem }</style>
                <h1>Pages and messages</h1>
                \(sections.joined(separator: "\n"))
                </html>

                """
        }
    }
}

/// The files of an export or a preview.
private enum Folder {
    static func write(_ bytes: [UInt8], to path: String) throws {
        let file = URL(fileURLWithPath: path)
        do {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: file)
        } catch {
            throw CommandFailed("cannot write \(FileRefused(path, error))")
        }
    }
}
