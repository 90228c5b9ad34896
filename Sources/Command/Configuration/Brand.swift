import Foundation
import Mailroom
import Palettes
import Templating
import Web

/// What stands in the place of our own name, colours and templates on pages and in letters.
struct Brand: Sendable {
    /// nil: the sender's.
    let name: String?
    let palette: Palette
    let logoFile: String?
    /// Whether the logo is a wordmark, which needs no name beside it.
    let logoShowsName: Bool
    let supportURL: String?
    let templatesDirectory: String?

    /// A template larger than this was not written by hand.
    private static let templateBytesMax = 256 << 10

    func logo() throws(ConfigurationRefused) -> Logo? {
        guard let logoFile else { return nil }
        let bytes: [UInt8]
        do { bytes = try FileContents.bytes(of: logoFile) } catch {
            throw ConfigurationRefused(.brandLogo, "cannot read \(error)")
        }
        do { return try Logo(bytes) } catch {
            switch error {
            case .tooLarge: throw ConfigurationRefused(.brandLogo, "is larger than \(Logo.bytesMax >> 10) KiB")
            case .unknownType: throw ConfigurationRefused(.brandLogo, "is not an SVG, PNG, JPEG, GIF or WebP image")
            }
        }
    }

    /// The operator's templates by file name, each tried.
    /// - Throws: the first that is not one of keyturn's, cannot be used (with its line), or shows no link or no form.
    func templates() throws(ConfigurationRefused) -> [String: [UInt8]] {
        guard let templatesDirectory else { return [:] }
        let sets = [PageTemplates.all, Letter.templates]
        let known = Set(sets.flatMap { $0.sources.map(\.file) })
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: templatesDirectory) } catch {
            let refused = FileRefused(templatesDirectory, error)
            throw ConfigurationRefused(.templatesDirectory, "cannot read \(refused)")
        }
        var templates: [String: [UInt8]] = [:]
        for name in names.sorted() where name.hasSuffix(".mustache") {
            guard known.contains(name) else {
                throw ConfigurationRefused(
                    .templatesDirectory,
                    "\(Printable.text(name)) is not a template of keyturn: see `keyturn templates export`")
            }
            let bytes: [UInt8]
            do { bytes = try FileContents.bytes(of: "\(templatesDirectory)/\(name)") } catch {
                throw ConfigurationRefused(.templatesDirectory, "cannot read \(error)")
            }
            guard bytes.count <= Self.templateBytesMax else {
                throw ConfigurationRefused(
                    .templatesDirectory, "\(name) is larger than \(Self.templateBytesMax >> 10) KiB")
            }
            templates[name] = bytes
        }
        do { for set in sets { _ = try set.library(templates) } } catch {
            throw ConfigurationRefused(
                .templatesDirectory, "\(error.file), line \(error.line): \(Printable.text(error.reason))")
        }
        if !templates.isEmpty { try Self.refuseDeadEnds(templates) }
        return templates
    }

    /// A message without its link, or a page without its form, is a flow that ends there without a word.
    private static func refuseDeadEnds(_ templates: [String: [UInt8]]) throws(ConfigurationRefused) {
        let (letters, pages): ([String], [Web.MissingField])
        do { (letters, pages) = (try Letter.templatesWithoutLink(templates), try Web.missingFields(templates)) } catch {
            throw ConfigurationRefused(.templatesDirectory, "cannot be rendered: \(error)")
        }
        if let file = letters.first {
            throw ConfigurationRefused(
                .templatesDirectory,
                "the message made from \(file) does not show the reset link: the template needs {{url}}")
        }
        if let missing = pages.first {
            throw ConfigurationRefused(
                .templatesDirectory, "the page made from \(missing.file) has no form field named \(missing.field)")
        }
    }
}

extension Values {
    func brand() throws(ConfigurationRefused) -> Brand {
        try Brand(
            name: optionalText(.brandName), palette: palette(), logoFile: optionalText(.brandLogo),
            logoShowsName: boolean(.brandLogoShowsName),
            supportURL: supportURL(), templatesDirectory: optionalText(.templatesDirectory))
    }

    private func palette() throws(ConfigurationRefused) -> Palette {
        guard let text = try optionalText(.brandColor) else { return .standard }
        guard let color = Color(hex: text) else {
            throw ConfigurationRefused(.brandColor, "must be a color such as #0f5f4c")
        }
        do { return try Palette(color) } catch {
            let contrast = (error.contrast * 10).rounded(.down) / 10
            throw ConfigurationRefused(
                .brandColor,
                "\(color.hex) is too light: its contrast is \(contrast), and text needs at least \(Palette.contrastLeast)"
            )
        }
    }

    private func supportURL() throws(ConfigurationRefused) -> String? {
        guard let text = try optionalText(.brandSupportURL) else { return nil }
        let isKnown = ["https://", "http://", "mailto:"].contains { text.utf8.starts(with: $0.utf8) }
        guard isKnown, text.utf8.count <= 200, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw ConfigurationRefused(
                .brandSupportURL, "must be https://…, http://… or mailto:…, without spaces, at most 200 bytes")
        }
        return text
    }
}
