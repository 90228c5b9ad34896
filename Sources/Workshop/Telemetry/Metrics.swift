import Synchronization

/// All the numbers of one process, by name and labels, written as Prometheus text (exposition format 0.0.4).
///
/// Instruments are made once, at start, and kept by the code that counts; nothing is looked up while a request waits. Every caller gets
/// one of their own, and what is written is the sum of those with one name and the same labels: threads that count the same thing do
/// not get into each other's way.
/// Names and label values come from the code, never from a client, so their number is bounded.
package final class Metrics: Sendable {
    package typealias Label = (name: String, value: String)

    /// Which kind of number is read when metrics are scraped.
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
        var members: [String: [Instrument]] = [:]
    }

    private let families = Mutex<[String: Family]>([:])

    package init() {}

    package func counter(_ name: String, help: String, _ labels: Label...) -> Counter {
        let counter = Counter()
        keep(.counter(counter), name, help, labels)
        return counter
    }

    package func gauge(_ name: String, help: String, _ labels: Label...) -> Gauge {
        let gauge = Gauge()
        keep(.gauge(gauge), name, help, labels)
        return gauge
    }

    /// - Parameter bounds: rising; seconds unless the name says otherwise. The same for all of one name.
    package func histogram(
        _ name: String, help: String, bounds: [Double] = Histogram.durationBounds, _ labels: Label...
    ) -> Histogram {
        let histogram = Histogram(bounds: bounds)
        keep(.histogram(histogram), name, help, labels)
        return histogram
    }

    /// A number that is read when metrics are scraped: the depth of a queue, memory in use.
    package func onRead(
        _ name: String, help: String, as kind: Reading = .gauge, _ read: @escaping @Sendable () -> Double
    ) {
        keep(.read(kind, read), name, help, [])
    }

    /// Families in the order of their names, members in the order of their labels.
    package func text() -> String {
        let snapshot = families.withLock { $0 }
        var text = ""
        for (name, family) in snapshot.sorted(by: { $0.key < $1.key }) {
            text += "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.type)\n"
            for (labels, instruments) in family.members.sorted(by: { $0.key < $1.key }) {
                text += Metrics.lines(name, labels, instruments)
            }
        }
        return text
    }

    private func keep(_ instrument: Instrument, _ name: String, _ help: String, _ labels: [Label]) {
        let key = labels.map { "\($0.name)=\"\(Metrics.escaped($0.value))\"" }.joined(separator: ",")
        families.withLock { families in
            families[name, default: Family(help: help, type: instrument.type)].members[key, default: []]
                .append(instrument)
        }
    }

    private static func lines(_ name: String, _ labels: String, _ instruments: [Instrument]) -> String {
        let braced = labels.isEmpty ? "" : "{\(labels)}"
        var count: UInt64 = 0
        var level: Int64 = 0
        var reading: Double?
        var (snapshot, bounds): (Histogram.Snapshot?, [Double]) = (nil, [])
        for instrument in instruments {
            switch instrument {
            case .counter(let counter): count &+= counter.current
            case .gauge(let gauge): level &+= gauge.current
            case .read(_, let read): reading = (reading ?? 0) + read()
            case .histogram(let histogram):
                snapshot = snapshot.map { $0 + histogram.snapshot } ?? histogram.snapshot
                bounds = histogram.bounds
            }
        }
        if let snapshot { return lines(name, labels, snapshot, bounds) }
        if let reading { return "\(name)\(braced) \(reading)\n" }
        if case .gauge? = instruments.first { return "\(name)\(braced) \(level)\n" }
        return "\(name)\(braced) \(count)\n"
    }

    private static func lines(
        _ name: String, _ labels: String, _ snapshot: Histogram.Snapshot, _ bounds: [Double]
    ) -> String {
        let prefix = labels.isEmpty ? "" : labels + ","
        let braced = labels.isEmpty ? "" : "{\(labels)}"
        var text = ""
        var sum: UInt64 = 0
        for (count, bound) in zip(snapshot.counts, bounds.map { "\($0)" } + ["+Inf"]) {
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
