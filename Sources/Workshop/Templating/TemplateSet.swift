package import Mustache

/// Templates that belong together, each under its file's name: our own, and those that stand in their place.
package struct TemplateSet: Sendable {
    package struct Source: Sendable {
        /// `login.mustache`; `….text.mustache` is text, all others are HTML.
        package let file: String
        package let text: [UInt8]
        package init(_ file: String, _ text: [UInt8]) { (self.file, self.text) = (file, text) }

        /// What other templates call it.
        var name: String { String(file.dropLast(".mustache".utf8.count)) }
        var isText: Bool { name.hasSuffix(".text") }
    }

    package let sources: [Source]

    package init(_ sources: [Source]) { self.sources = sources }

    /// - Parameter overrides: by file name; those of other sets are not looked at.
    /// - Throws: the first that cannot be read, with its file and line.
    package func library(_ overrides: [String: [UInt8]] = [:]) throws(TemplateRefused) -> MustacheLibrary {
        var templates: [String: MustacheTemplate] = [:]
        for source in sources {
            templates[source.name] = try parsed(Source(source.file, overrides[source.file] ?? source.text))
        }
        return MustacheLibrary(templates: templates)
    }

    private func parsed(_ source: Source) throws(TemplateRefused) -> MustacheTemplate {
        guard let text = String(validating: source.text, as: UTF8.self) else {
            throw TemplateRefused(file: source.file, line: 1, reason: "is not UTF-8")
        }
        try checkNames(in: text, of: source.file)
        do {
            return source.isText ? try MustacheTemplate(string: text) : try HTMLTemplate.parsed(source.text)
        } catch let error as MustacheTemplate.ParserError {
            throw TemplateRefused(file: source.file, line: error.context.lineNumber, reason: "\(error.error)")
        } catch {
            throw TemplateRefused(file: source.file, line: 1, reason: "\(error)")
        }
    }

    /// A partial or a parent that does not exist would be left out in silence.
    private func checkNames(in text: String, of file: String) throws(TemplateRefused) {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            for opening in ["{{>", "{{<"] {
                for rest in line.split(separator: opening, omittingEmptySubsequences: false).dropFirst() {
                    let name = rest.prefix { $0 != "}" }.filter { $0 != " " }
                    guard !sources.contains(where: { $0.name == name }) else { continue }
                    throw TemplateRefused(
                        file: file, line: index + 1, reason: "there is no template \(name) for \(opening)")
                }
            }
        }
    }
}

/// A template that cannot be used.
package struct TemplateRefused: Error, Equatable {
    package let file: String
    /// Counted from 1.
    package let line: Int
    package let reason: String
}
