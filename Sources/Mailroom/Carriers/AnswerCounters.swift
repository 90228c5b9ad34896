import Telemetry

/// Answers by class of status: `2xx` … `5xx`, or none at all.
struct AnswerCounters: Sendable {
    private let classes: [Counter]
    private let none: Counter

    init(_ metrics: Metrics) {
        func counter(_ status: String) -> Counter {
            metrics.counter(
                "keyturn_mail_provider_answers_total", help: "Answers of the mail provider.", ("status", status))
        }
        classes = (1...5).map { counter("\($0)xx") }
        none = counter("none")
    }

    func count(status: Int) {
        let index = status / 100 - 1
        (classes.indices.contains(index) ? classes[index] : none).add()
    }

    func countSilence() { none.add() }
}
