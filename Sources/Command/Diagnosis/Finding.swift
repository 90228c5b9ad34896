/// What one look of `keyturn doctor` found, and what to do about it.
struct Finding: Sendable, Equatable {
    enum Severity: String, Sendable { case ok, warning, error }

    let subject: String
    let severity: Severity
    let words: String
    /// What the operator can do; nil where there is nothing to do.
    let advice: String?

    static func ok(_ subject: String, _ words: String) -> Finding {
        Finding(subject: subject, severity: .ok, words: words, advice: nil)
    }

    static func warning(_ subject: String, _ words: String, advice: String) -> Finding {
        Finding(subject: subject, severity: .warning, words: words, advice: advice)
    }

    static func error(_ subject: String, _ words: String, advice: String) -> Finding {
        Finding(subject: subject, severity: .error, words: words, advice: advice)
    }
}

extension [Finding] {
    /// 0 where all is well, 1 where something is broken, 2 where there are warnings only.
    var exitStatus: Int32 {
        if contains(where: { $0.severity == .error }) { return 1 }
        return contains { $0.severity == .warning } ? 2 : 0
    }
}
