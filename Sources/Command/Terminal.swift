import Foundation
import StrictJSON
import Synchronization
import Telemetry

/// What the command says: results on standard output, everything else on standard error. Whatever is said, nothing reaches the terminal
/// that it would obey, or that a reader would not see.
enum Terminal {
    /// `errno` of the last result that could not be written; 0 while all could.
    private static let failed = Atomic<Int32>(0)

    /// A result, at once: a reader at the end of a pipe waits for this line. Waits for the reader. A line that cannot be written is
    /// remembered, and the command ends with 1: see ``endIfLost()``.
    static func say(_ text: String) { writeResult(Telemetry.Printable.lines(text) + "\n") }

    /// A result for a program, on a line of its own.
    static func say(_ json: JSON) {
        writeResult(Telemetry.Printable.json(String(decoding: json.write(), as: UTF8.self)) + "\n")
    }

    /// For a service: never waits for the reader, and a line that cannot be written is an error of that line.
    static func announce(_ text: String) { LineQueue.standardOutput.append(Telemetry.Printable.lines(text) + "\n") }

    /// A message, or several lines of one. Waits for the reader. If it cannot be written it is lost: there is no other place for it.
    static func note(_ text: String) { write(note: noted(text)) }

    /// For a service: as ``note(_:)``, and never waits for the reader.
    static func post(note text: String) { LineQueue.standardError.append(noted(text)) }

    /// As it is, without an end of line of ours.
    static func write(note: String) { _ = StandardStream.write(Array(note.utf8)[...], to: STDERR_FILENO) }

    /// Whether results go nowhere: long work whose only purpose they are may stop.
    static var isLost: Bool { failed.load(ordering: .relaxed) != 0 }

    /// Ends the process with 1 if any result could not be written. What the command did, it did.
    static func endIfLost() {
        let failure = failed.load(ordering: .relaxed)
        guard failure != 0 else { return }
        note("standard output: \(SystemWords.words(errno: failure))")
        exit(1)
    }

    private static func noted(_ text: String) -> String { "keyturn: " + Telemetry.Printable.lines(text) + "\n" }

    private static func writeResult(_ text: String) {
        let failure = StandardStream.write(Array(text.utf8)[...], to: STDOUT_FILENO)
        if failure != 0 { failed.store(failure, ordering: .relaxed) }
    }

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
