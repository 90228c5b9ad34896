/// A table of limited bytes: where it is full, the entry that was written longest ago goes.

/// Entries are found by comparing the whole key; their hash only chooses a chain to look through, and is seeded anew by every process.
/// Counted in bytes: a slot, its share of the chains, and what key and value keep on the heap, which the caller tells.
struct RecentTable<Key: Hashable, Value> {
    private struct Slot {
        var entry: (key: Key, value: Value)?
        var bytes: Int32
        /// The next slot of the same chain, or of those that are free.
        var next: Int32
        var older: Int32
        var newer: Int32
    }

    /// No slot.
    private static var none: Int32 { -1 }
    /// One chain for so many bytes: about as many chains as entries.
    private static var bytesPerChain: Int { 128 }

    /// What all entries may take together.
    private let room: Int
    /// What all entries take together, at most ``room``.
    private var taken = 0
    private var chains: [Int32]
    private var slots: [Slot] = []
    private var free = none
    private var oldest = none
    private var newest = none

    /// - Parameter bytesMax: for the whole table, held to 16 KiB...256 MiB.
    init(bytesMax: Int) {
        let bytes = min(max(bytesMax, 16 << 10), 256 << 20)
        // A power of two: a hash is cut to it.
        let count = 1 << (Int.bitWidth - 1 - (bytes / Self.bytesPerChain).leadingZeroBitCount)
        chains = Array(repeating: Self.none, count: count)
        room = bytes - count * MemoryLayout<Int32>.stride
    }

    /// How many entries there are.
    private(set) var count = 0

    /// What the table takes, in bytes.
    var bytes: Int { taken + chains.count * MemoryLayout<Int32>.stride }

    /// What an array of so many bytes takes on the heap.
    static func heapBytes(ofArray bytes: Int) -> Int {
        // A header of 32 bytes, the allocator's 8, and its steps of 16.
        (32 + bytes + 8 + 15) & ~15
    }

    subscript(key: Key) -> Value? { place(of: key).flatMap { slots[$0].entry?.value } }

    /// Remembers `value` as the newest entry. The oldest go until there is room.
    /// - Parameter heapBytes: what key and value keep outside of their own layout.
    mutating func store(_ value: Value, for key: Key, heapBytes: Int) {
        remove(key)
        let bytes = MemoryLayout<Slot>.stride + max(0, heapBytes)
        guard bytes <= room else { return }
        while taken + bytes > room, let key = oldestEntry?.key { remove(key) }
        if slots.isEmpty {
            // Address space only: a page takes memory when a slot of it is used. Growing would copy, and take twice as much meanwhile.
            slots.reserveCapacity(room / MemoryLayout<Slot>.stride)
        }
        let chain = chain(of: key)
        let slot = Slot(
            entry: (key, value), bytes: Int32(clamping: bytes), next: chains[chain], older: newest, newer: Self.none)
        let place = put(slot)
        chains[chain] = place
        if newest != Self.none { slots[Int(newest)].newer = place } else { oldest = place }
        newest = place
        taken += bytes
        count += 1
    }

    mutating func remove(_ key: Key) {
        let chain = chain(of: key)
        var before = Self.none
        var place = chains[chain]
        while place != Self.none, slots[Int(place)].entry?.key != key {
            before = place
            place = slots[Int(place)].next
        }
        guard place != Self.none else { return }
        let slot = slots[Int(place)]
        if before == Self.none { chains[chain] = slot.next } else { slots[Int(before)].next = slot.next }
        if slot.older == Self.none { oldest = slot.newer } else { slots[Int(slot.older)].newer = slot.newer }
        if slot.newer == Self.none { newest = slot.older } else { slots[Int(slot.newer)].older = slot.older }
        slots[Int(place)] = Slot(entry: nil, bytes: 0, next: free, older: Self.none, newer: Self.none)
        free = place
        taken -= Int(slot.bytes)
        count -= 1
    }

    /// Drops the oldest entries that say nothing any more.
    mutating func removeOldest(while isOver: (Value) -> Bool) {
        while let entry = oldestEntry, isOver(entry.value) { remove(entry.key) }
    }

    private var oldestEntry: (key: Key, value: Value)? { oldest == Self.none ? nil : slots[Int(oldest)].entry }

    private mutating func put(_ slot: Slot) -> Int32 {
        guard free != Self.none else {
            slots.append(slot)
            return Int32(clamping: slots.count - 1)
        }
        let place = free
        free = slots[Int(place)].next
        slots[Int(place)] = slot
        return place
    }

    private func place(of key: Key) -> Int? {
        var place = chains[chain(of: key)]
        while place != Self.none {
            if slots[Int(place)].entry?.key == key { return Int(place) }
            place = slots[Int(place)].next
        }
        return nil
    }

    private func chain(of key: Key) -> Int { key.hashValue & (chains.count - 1) }
}
