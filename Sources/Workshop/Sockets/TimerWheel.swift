/// Deadlines of many waits, where setting one later than the last costs nothing.

/// Something that has at most one deadline at a time. Belongs to one loop's thread.
package class Timed {
    /// When ``expire()`` is due; nil where nothing is. An entry without one may stay in the wheel until its slot comes round.
    fileprivate final var deadline: Deadline?
    /// When the wheel looks at this entry; nil where it is not in the wheel.
    fileprivate final var looksAt: Deadline?
    fileprivate final var slot = 0
    // The wheel's owner keeps its entries alive while they are linked.
    fileprivate final unowned(unsafe) var next: Timed?
    fileprivate final unowned(unsafe) var previous: Timed?

    /// The wait is over; the answer may come later, but this deadline no longer counts.
    final func disarm() { deadline = nil }
    /// Called once, when the deadline has passed.
    package func expire() {}
}

/// A hashed wheel. An entry lies in the slot of its deadline, or in the farthest one and is then put back; moving
/// a deadline later only stores it. So a connection that re-arms with every request is touched once a round.
struct TimerWheel: ~Copyable {
    /// How late a deadline may be noticed.
    static let tick: Duration = .milliseconds(4)
    private static let tickNanoseconds: Int64 = 4_000_000
    /// One round is 16 seconds. As many as a word of words has bits.
    private static let slots = 64 * 64

    private let start: Deadline
    /// Ticks since `start` that are dealt with.
    private var ticked: Int64 = 0
    private var heads = [Unmanaged<Timed>?](repeating: nil, count: slots)
    /// A bit a slot: not empty.
    private var occupied = [UInt64](repeating: 0, count: slots / 64)
    /// A bit a word of those: not zero.
    private var occupiedWords: UInt64 = 0

    init(now: Deadline) { start = now }

    /// Sets the entry's only deadline.
    mutating func arm(_ entry: Timed, at deadline: Deadline) {
        entry.deadline = deadline
        if let looksAt = entry.looksAt {
            if looksAt <= deadline { return }
            remove(entry)
            entry.deadline = deadline
        }
        link(entry, at: deadline)
    }

    mutating func remove(_ entry: Timed) {
        entry.deadline = nil
        guard entry.looksAt != nil else { return }
        if let previous = entry.previous {
            previous.next = entry.next
        } else {
            heads[entry.slot] = entry.next.map { Unmanaged.passUnretained($0) }
            if entry.next == nil { mark(entry.slot, isOccupied: false) }
        }
        entry.next?.previous = entry.previous
        entry.next = nil
        entry.previous = nil
        entry.looksAt = nil
    }

    /// - Returns: the entries whose deadline has passed, for the caller to tell them; they are out of the wheel.
    mutating func advance(to now: Deadline) -> [Timed] {
        let target = now.nanoseconds(since: start) / Self.tickNanoseconds
        guard target > ticked else { return [] }
        var expired: [Timed] = []
        // Put back when all slots are done: the farthest slot is the last but one of those looked at now, and an entry put back into a
        // slot that is being emptied would be met again and again.
        var later: [(entry: Timed, deadline: Deadline)] = []
        let first = max(ticked + 1, target - Int64(Self.slots) + 1)
        ticked = target
        for tick in first...target {
            let slot = Int(tick % Int64(Self.slots))
            while let head = heads[slot]?.takeUnretainedValue() {
                let deadline = head.deadline
                remove(head)
                guard let deadline else { continue }
                if deadline <= now { expired.append(head) } else { later.append((head, deadline)) }
            }
        }
        for (entry, deadline) in later { arm(entry, at: deadline) }
        return expired
    }

    /// Milliseconds until some slot must be looked at, rounded up; -1 where the wheel is empty.
    func wait(from now: Deadline) -> Int32 {
        guard let ticks = ticksToNextOccupied() else { return -1 }
        let due = (ticked + ticks) * Self.tickNanoseconds - now.nanoseconds(since: start)
        return Int32(clamping: max(0, (due + 999_999) / 1_000_000))
    }

    private mutating func link(_ entry: Timed, at deadline: Deadline) {
        let exact = (deadline.nanoseconds(since: start) &+ Self.tickNanoseconds - 1) / Self.tickNanoseconds
        let farthest = ticked + Int64(Self.slots) - 1
        let tick = min(max(exact, ticked + 1), farthest)
        entry.looksAt = tick == farthest ? start + Self.tick * Int(tick) : deadline
        entry.slot = Int(tick % Int64(Self.slots))
        let head = heads[entry.slot]?.takeUnretainedValue()
        entry.next = head
        entry.previous = nil
        head?.previous = entry
        heads[entry.slot] = Unmanaged.passUnretained(entry)
        mark(entry.slot, isOccupied: true)
    }

    private mutating func mark(_ slot: Int, isOccupied: Bool) {
        let (word, bit) = (slot / 64, UInt64(1) << UInt64(slot % 64))
        if isOccupied { occupied[word] |= bit } else { occupied[word] &= ~bit }
        let wordBit = UInt64(1) << UInt64(word)
        if occupied[word] != 0 { occupiedWords |= wordBit } else { occupiedWords &= ~wordBit }
    }

    private func ticksToNextOccupied() -> Int64? {
        guard occupiedWords != 0 else { return nil }
        let from = Int((ticked + 1) % Int64(Self.slots))
        let (word, bit) = (from / 64, from % 64)
        // What is left of this word, then the words behind it and those before it, and last what was left out of this one.
        let here = occupied[word] & (~0 << UInt64(bit))
        if here != 0 { return Int64(here.trailingZeroBitCount - bit) + 1 }
        let next = word + 1
        let turned = next == 64 ? occupiedWords : occupiedWords >> UInt64(next) | occupiedWords << UInt64(64 - next)
        let found = (next + turned.trailingZeroBitCount) % 64
        let slot = found * 64 + occupied[found].trailingZeroBitCount
        return Int64((slot - from + Self.slots) % Self.slots) + 1
    }
}
