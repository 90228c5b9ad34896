/// A table that never grows: what is remembered about strangers must not be theirs to fill the memory with.

/// A key may sit on one of eight seats that its hash chooses. Where all are taken, whoever weighs least gives up the seat: the
/// caller decides who that is. The hash is seeded anew by every process, so nobody outside can aim at somebody's seats.
struct BoundedTable<Value> {
    private struct Seat {
        var key: UInt64
        var value: Value
    }

    private static var seatsPerBench: Int { 8 }
    private var seats: [Seat?]
    private let benchCount: UInt64

    /// - Parameter capacity: how many values are kept at most, rounded up to whole benches of eight.
    init(capacity: Int) {
        let benches = max(1, (max(0, min(capacity, 1 << 28)) + Self.seatsPerBench - 1) / Self.seatsPerBench)
        benchCount = UInt64(benches)
        seats = Array(repeating: nil, count: benches * Self.seatsPerBench)
    }

    /// Eight bytes for any key: two keys that share all 64 bits share a value, which happens to nobody.
    static func key(of value: some Hashable) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(value)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    /// What is remembered about the key; nil for a stranger.
    subscript(key: UInt64) -> Value? { bench(of: key).lazy.compactMap { seats[$0] }.first { $0.key == key }?.value }

    /// Remembers `value`, in place of the lightest of the bench if need be.
    mutating func store(_ value: Value, for key: UInt64, weighing weight: (Value) -> Int64) {
        let bench = bench(of: key)
        let seat = bench.dropFirst().reduce(bench.lowerBound) { best, seat in
            reluctance(of: seat, toTake: key, weight) < reluctance(of: best, toTake: key, weight) ? seat : best
        }
        seats[seat] = Seat(key: key, value: value)
    }

    mutating func forget(_ key: UInt64) {
        for seat in bench(of: key) where seats[seat]?.key == key { seats[seat] = nil }
    }

    private func bench(of key: UInt64) -> Range<Int> {
        let first = Int(key % benchCount) * Self.seatsPerBench
        return first..<first + Self.seatsPerBench
    }

    /// The key's own seat first, then one that is free, then the lightest.
    private func reluctance(of seat: Int, toTake key: UInt64, _ weight: (Value) -> Int64) -> (Int, Int64) {
        guard let taken = seats[seat] else { return (1, 0) }
        return taken.key == key ? (0, 0) : (2, weight(taken.value))
    }
}
