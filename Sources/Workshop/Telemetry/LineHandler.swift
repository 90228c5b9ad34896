import Foundation
package import Logging

/// Writes one line an event to standard error, as logfmt or as JSON. Never waits for its reader: see ``LineQueue``.
package struct LineHandler: LogHandler {
    package enum Format: String, Sendable, CaseIterable { case logfmt, json }

    package var metadata: Logger.Metadata = [:]
    /// The threshold's, unless this logger has a level of its own.
    package var logLevel: Logger.Level {
        get { ownLevel ?? threshold.level }
        set { ownLevel = newValue }
    }

    private var ownLevel: Logger.Level?
    private let threshold: LogThreshold

    private let format: Format
    private let write: @Sendable (String) -> Void

    /// - Parameter write: takes a whole line, its end included, and does not wait.
    package init(
        format: Format, from threshold: LogThreshold,
        write: @escaping @Sendable (String) -> Void = { line in LineQueue.standardError.append(line) }
    ) {
        self.format = format
        self.threshold = threshold
        self.write = write
    }

    package subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let own = event.metadata ?? [:]
        var fields = [
            ("time", Date().formatted(LineHandler.time)), ("level", event.level.rawValue),
            ("event", event.message.description),
        ]
        for (name, value) in metadata.merging(own, uniquingKeysWith: { _, new in new }).sorted(by: { $0.key < $1.key })
        {
            fields.append((name, value.description))
        }
        write(LineHandler.line(fields, as: format) + "\n")
    }

    private static let time = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    static func line(_ fields: [(String, String)], as format: Format) -> String {
        switch format {
        case .logfmt: fields.map { "\($0)=\(logfmt($1))" }.joined(separator: " ")
        case .json: "{" + fields.map { "\(quoted($0)):\(quoted($1))" }.joined(separator: ",") + "}"
        }
    }

    /// Bare if it is plain, quoted if a blank, a quote, `=` or a control character would make a line ambiguous.
    private static func logfmt(_ value: String) -> String {
        let isPlain =
            !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x3D && $0 != 0x5C }
        return isPlain ? value : quoted(value)
    }

    /// A JSON string (RFC 8259 §7); what is not ``Printable`` is escaped, so no input can end a line, move a cursor or hide a text.
    private static func quoted(_ value: String) -> String {
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return Printable.json(text + "\"")
    }
}
