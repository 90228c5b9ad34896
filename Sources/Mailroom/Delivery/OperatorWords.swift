import Keyturn

/// Spans of time in words for operators, whose language is English.
enum OperatorWords {
    /// "45 seconds", "30 minutes", "1 hour 30 minutes", "2 days": the two largest units that are not zero.
    static func span(_ span: Duration) -> String {
        let seconds = max(0, span.wholeMilliseconds) / 1000
        let parts = [
            (seconds / 86_400, "day"), (seconds % 86_400 / 3600, "hour"), (seconds % 3600 / 60, "minute"),
            (seconds % 60, "second"),
        ]
        let words = parts.filter { $0.0 > 0 }.prefix(2).map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }
        return words.isEmpty ? "0 seconds" : words.joined(separator: " ")
    }
}
