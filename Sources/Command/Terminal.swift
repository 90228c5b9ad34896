import Foundation
import StrictJSON
import Telemetry

/// What the command says: results on standard output, everything else on standard error. Whatever is said, nothing reaches the terminal
/// that it would obey, or that a reader would not see.
enum Terminal {
    /// A result, at once: a reader at the end of a pipe waits for this line.
    static func say(_ text: String) { write(Telemetry.Printable.lines(text) + "\n", to: .standardOutput) }

    /// A result for a program, on a line of its own.
    static func say(_ json: JSON) {
        write(Telemetry.Printable.json(String(decoding: json.write(), as: UTF8.self)) + "\n", to: .standardOutput)
    }

    /// A message, or several lines of one.
    static func note(_ text: String) {
        write("keyturn: " + Telemetry.Printable.lines(text) + "\n", to: .standardError)
    }

    private static func write(_ text: String, to handle: FileHandle) { handle.write(Data(text.utf8)) }

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

/// ``Telemetry/Printable``, as the commands use it: for text from outside inside a line of ours.
enum Printable {
    static func text(_ text: String) -> String { Telemetry.Printable.text(text) }
}
