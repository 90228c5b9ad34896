import Synchronization

/// All the numbers of one process, by name and labels, written as Prometheus text (exposition format 0.0.4).
///
/// Instruments are made once, at start, and kept by whoever counts; nothing is looked up while a request waits.
/// Names and label values come from the code, never from a visitor, so their number is bounded.
package final class Metrics: Sendable {
    package typealias Label = (name: String, value: String)

    /// What kind of number is read when somebody asks.
    package enum Reading: String, Sendable { case gauge, counter }

    private enum Instrument: Sendable {
        case counter(Counter), gauge(Gauge), histogram(Histogram), read(Reading, @Sendable () -> Double)

        var type: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .read(let kind, _): kind.rawValue
            case .histogram: "histogram"
            }
        }
    }

    private struct Family {
        let help: String
        let type: String
        /// By the labels as they are written: `route="/login",status="200"`.
        var members: [String: Instrument] = [:]
    }

    private let families = Mutex<[String: Family]>([:])

    package init() {}

    /// The counter of this name and these labels: the same each time they are asked for.
    package func counter(_ name: String, help: String, _ labels: Label...) -> Counter {
        let found = instrument(name, help, labels) { .counter(Counter()) }
        if case .counter(let counter) = found { return counter }
        return Counter()
    }

    package func gauge(_ name: String, help: String, _ labels: Label...) -> Gauge {
        let found = instrument(name, help, labels) { .gauge(Gauge()) }
        if case .gauge(let gauge) = found { return gauge }
        return Gauge()
    }

    /// - Parameter bounds: rising; seconds unless the name says otherwise.
    package func histogram(
        _ name: String, help: String, bounds: [Double] = Histogram.durationBounds, _ labels: Label...
    ) -> Histogram {
        let found = instrument(name, help, labels) { .histogram(Histogram(bounds: bounds)) }
        if case .histogram(let histogram) = found { return histogram }
        return Histogram()
    }

    /// A number that is read when somebody asks: the depth of a queue, memory in use.
    package func onRead(
        _ name: String, help: String, as kind: Reading = .gauge, _ read: @escaping @Sendable () -> Double
    ) {
        _ = instrument(name, help, []) { .read(kind, read) }
    }

    /// Families in the order of their names, members in the order of their labels.
    package func text() -> String {
        let snapshot = families.withLock { $0 }
        var text = ""
        for (name, family) in snapshot.sorted(by: { $0.key < $1.key }) {
            text += "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.type)\n"
            for (labels, instrument) in family.members.sorted(by: { $0.key < $1.key }) {
                text += Metrics.lines(name, labels, instrument)
            }
        }
        return text
    }

    private func instrument(_ name: String, _ help: String, _ labels: [Label], make: () -> Instrument) -> Instrument {
        let key = labels.map { "\($0.name)=\"\(Metrics.escaped($0.value))\"" }.joined(separator: ",")
        return families.withLock { families in
            if let known = families[name]?.members[key] { return known }
            let new = make()
            families[name, default: Family(help: help, type: new.type)].members[key] = new
            return new
        }
    }

    private static func lines(_ name: String, _ labels: String, _ instrument: Instrument) -> String {
        let braced = labels.isEmpty ? "" : "{\(labels)}"
        switch instrument {
        case .counter(let counter): return "\(name)\(braced) \(counter.current)\n"
        case .gauge(let gauge): return "\(name)\(braced) \(gauge.current)\n"
        case .read(_, let read): return "\(name)\(braced) \(read())\n"
        case .histogram(let histogram): return lines(name, labels, histogram)
        }
    }

    private static func lines(_ name: String, _ labels: String, _ histogram: Histogram) -> String {
        let snapshot = histogram.snapshot
        let prefix = labels.isEmpty ? "" : labels + ","
        let braced = labels.isEmpty ? "" : "{\(labels)}"
        var text = ""
        var sum: UInt64 = 0
        for (count, bound) in zip(snapshot.counts, histogram.bounds.map { "\($0)" } + ["+Inf"]) {
            sum += count
            text += "\(name)_bucket{\(prefix)le=\"\(bound)\"} \(sum)\n"
        }
        return text + "\(name)_sum\(braced) \(snapshot.sum)\n\(name)_count\(braced) \(sum)\n"
    }

    private static func escaped(_ value: String) -> String {
        var text = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
