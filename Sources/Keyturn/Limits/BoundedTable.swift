/// A table that never grows: what is remembered about clients must not be theirs to fill the memory with.

/// A key may sit on one of eight seats that its hash chooses; it is found there by comparing the whole key. Where all eight are taken,
/// the lightest gives up its seat: the caller decides what weighs how much. The hash is seeded anew by every process, so no client
/// can aim at a seat.
struct BoundedTable<Key: Hashable, Value> {
    private struct Seat {
        var key: Key
        var value: Value
    }

    private static var seatsPerBench: Int { 8 }
    private var seats: [Seat?]
    private let benchCount: UInt

    /// - Parameter capacity: how many values are kept at most, rounded up to whole benches of eight.
    init(capacity: Int) {
        let benches = max(1, (max(0, min(capacity, 1 << 28)) + Self.seatsPerBench - 1) / Self.seatsPerBench)
        benchCount = UInt(benches)
        seats = Array(repeating: nil, count: benches * Self.seatsPerBench)
    }

    /// What is remembered about the key; nil where nothing is.
    subscript(key: Key) -> Value? { bench(of: key).lazy.compactMap { seats[$0] }.first { $0.key == key }?.value }

    /// Remembers `value`, in place of the lightest of the bench if need be.
    mutating func store(_ value: Value, for key: Key, weighing weight: (Value) -> Int64) {
        let bench = bench(of: key)
        let seat = bench.dropFirst().reduce(bench.lowerBound) { best, seat in
            reluctance(of: seat, toTake: key, weight) < reluctance(of: best, toTake: key, weight) ? seat : best
        }
        seats[seat] = Seat(key: key, value: value)
    }

    private func bench(of key: Key) -> Range<Int> {
        let first = Int(UInt(bitPattern: key.hashValue) % benchCount) * Self.seatsPerBench
        return first..<first + Self.seatsPerBench
    }

    /// The key's own seat first, then one that is free, then the lightest.
    private func reluctance(of seat: Int, toTake key: Key, _ weight: (Value) -> Int64) -> (Int, Int64) {
        guard let taken = seats[seat] else { return (1, 0) }
        return taken.key == key ? (0, 0) : (2, weight(taken.value))
    }
}
