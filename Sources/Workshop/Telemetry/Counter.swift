import Synchronization

/// A number that only grows: requests answered, mails delivered. Cheap enough for every request.
package final class Counter: Sendable {
    private let value = Atomic<UInt64>(0)

    package init() {}

    package func add(_ amount: UInt64 = 1) { value.wrappingAdd(amount, ordering: .relaxed) }

    package var current: UInt64 { value.load(ordering: .relaxed) }
}

/// A number that goes up and down: open connections.
package final class Gauge: Sendable {
    private let value = Atomic<Int64>(0)

    package init() {}

    package func set(_ new: Int64) { value.store(new, ordering: .relaxed) }

    package func add(_ amount: Int64) { value.wrappingAdd(amount, ordering: .relaxed) }

    package var current: Int64 { value.load(ordering: .relaxed) }
}
