import Wording

/// What a page says about a problem, in its language. Templates name the other texts after `t.`.
extension Words {
    static func titleKey(of problem: Problem) -> Key { "title_\(problem.code)" }

    /// What a person is told about a problem; the problem's own words where the catalogue has no others.
    func text(of problem: Problem) -> String { texts["text_\(problem.code)"] ?? problem.detail }

    /// What a person is told about one field: by field and code, by code, or by field.
    func text(of error: Problem.FieldError) -> String {
        let keys = ["wrong_\(error.field)_\(error.code)", "wrong_\(error.code)", "wrong_\(error.field)"]
        guard let key = keys.first(where: { texts[$0] != nil }) else { return error.detail }
        let limit = Int64(error.limit ?? 0)
        return fill(key, ["characters": count("characters", limit), "bytes": count("bytes", limit)])
    }

    /// `reasons`: everything that was wrong with that field, a sentence each; nil where nothing was.
    func wrong(with field: String, in problem: Problem?) -> [String: Any]? {
        let reasons = (problem?.errors ?? []).filter { $0.field == field }.map { text(of: $0) }
        return reasons.isEmpty ? nil : ["reasons": reasons]
    }

    func wait(seconds: Int64) -> String {
        seconds < 60 ? count("waitSeconds", seconds) : count("waitMinutes", seconds / 60 + (seconds % 60 > 0 ? 1 : 0))
    }
}
