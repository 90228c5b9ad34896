import Foundation

/// How far long work is, on one line of a terminal that is written again and again; nothing where standard error is none.
struct Progress: Sendable {
    private let noun: String
    private let isShown = isatty(STDERR_FILENO) == 1

    /// - Parameter noun: what is counted: "rows".
    init(_ noun: String) { self.noun = noun }

    /// - Parameter share: of the whole, in percent; nil where that is not known.
    func show(_ count: Int, share: Int? = nil) {
        guard isShown else { return }
        write("\r\(count) \(noun)\(share.map { " (\($0) %)" } ?? "")  ")
    }

    func end() { if isShown { write("\n") } }

    private func write(_ text: String) { Terminal.write(note: text) }
}
