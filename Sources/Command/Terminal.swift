import Foundation

/// What the command says: results on standard output, everything else on standard error.
enum Terminal {
    /// A result, at once: whoever reads us through a pipe waits for this line.
    static func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

    static func note(_ text: String) { FileHandle.standardError.write(Data(("keyturn: " + text + "\n").utf8)) }

    /// Columns as wide as their widest cell, two blanks between; nothing for no rows, no header where it is empty.
    static func table(_ header: [String], _ rows: [[String]]) {
        guard let first = rows.first else { return }
        let shown = (header.isEmpty ? rows : [header] + rows).map { $0.map(Printable.text) }
        let widths = first.indices.map { column in shown.map { $0[column].unicodeScalars.count }.max() ?? 0 }
        for row in shown {
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.unicodeScalars.count) }
            var line = cells.joined(separator: "  ")
            while line.utf8.last == 0x20 { line.removeLast() }
            say(line)
        }
    }
}

/// Text from outside made safe to show: a terminal obeys control characters, a reader believes bidirectional ones.
enum Printable {
    static func text(_ text: String) -> String {
        var shown = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse:
                shown += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}
