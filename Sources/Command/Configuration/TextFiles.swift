import Foundation
import Languages
import Wording

/// `texts.directory`: files of an operator's own words, `de.json` for German, which replace some of ours.
enum TextFiles {
    /// - Parameter directory: nil: all words are ours.
    /// - Throws: the first file, and in it the first key, that is refused.
    static func catalogues(in directory: String?) throws -> Catalogues {
        let ours = try Languages.catalogues()
        guard let directory else { return ours }
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: directory) } catch {
            let refused = FileRefused(directory, error)
            throw ConfigurationRefused(.textsDirectory, "cannot read \(refused)")
        }
        var texts: [Language: OwnTexts] = [:]
        for name in names.sorted() where name.hasSuffix(".json") {
            guard let language = Language(rawValue: String(name.dropLast(".json".count))) else {
                throw ConfigurationRefused(
                    .textsDirectory,
                    "\(Printable.text(name)) is none of keyturn's languages: \(Language.allCases.map(\.tag).joined(separator: ", "))"
                )
            }
            texts[language] = try ownTexts(in: "\(directory)/\(name)", name, over: ours[language])
        }
        return ours.changed(by: texts)
    }

    private static func ownTexts(
        in path: String, _ name: String, over original: Catalogue
    ) throws(ConfigurationRefused) -> OwnTexts {
        let bytes: [UInt8]
        do { bytes = try FileContents.bytes(of: path) } catch {
            throw ConfigurationRefused(.textsDirectory, "cannot read \(error)")
        }
        do { return try OwnTexts(bytes, over: original) } catch {
            let place = error.key.map { "\(name), \(Printable.text(String($0.prefix(64))))" } ?? name
            throw ConfigurationRefused(.textsDirectory, "\(place): \(error.reason)")
        }
    }
}
