import Keyturn

/// Leased messages that wait for a delivery task, and those under way: which may go next, and until when.
///
/// Holds at most ``limit`` letters. A lease that could end during an attempt is not used any more; the letter is released
/// and taken in anew.
struct WaitingRoom: Sendable {
    struct Pick: Sendable, Equatable {
        let lease: Lease
        let isProbe: Bool
    }

    let limit: Int
    let couriersMax: Int
    /// A lease must have this long to live when an attempt begins.
    let reserve: Duration
    var circuit: CircuitBreaker
    private(set) var waiting: [Lease] = []
    private(set) var couriers = 0
    var isClosing = false
    private var lastLook: Timestamp?
    /// The wall clock was set back, and the outbox has not been told yet.
    private(set) var isClockSetBack = false

    init(limit: Int, couriersMax: Int, reserve: Duration, circuit: CircuitBreaker) {
        self.limit = limit
        self.couriersMax = couriersMax
        self.reserve = reserve
        self.circuit = circuit
    }

    /// A clock that is set back by less than this is ignored.
    static let slip: Duration = .seconds(1)

    /// Told the time now and then, it notices when the wall clock was set back, and moves the circuit's moments with it.
    mutating func look(at now: Timestamp) {
        defer { lastLook = now }
        guard let lastLook, lastLook - now > Self.slip else { return }
        circuit.clockSetBack(by: lastLook - now)
        isClockSetBack = true
    }

    mutating func outboxIsTold() { isClockSetBack = false }

    var room: Int { isClosing ? 0 : max(0, limit - waiting.count) }

    mutating func take(in leases: [Lease]) { waiting += leases }

    /// How many more delivery tasks there is work for; they count as started at once.
    mutating func hire(at now: Timestamp) -> Int {
        guard !isClosing else { return 0 }
        let wanted =
            switch circuit.permission(at: now) {
            case .carry: waiting.count
            case .probe: min(1, waiting.count)
            case .wait: 0
            }
        let hired = max(0, min(wanted, couriersMax - couriers))
        couriers += hired
        return hired
    }

    /// The oldest message that may go. Two of one address never wait: the address has one row. Nil ends the task, which is then no longer counted.
    mutating func next(at now: Timestamp) -> Pick? {
        let permission = circuit.permission(at: now)
        guard !isClosing, permission == .carry || permission == .probe,
            let index = waiting.firstIndex(where: { isUsable($0, at: now) })
        else {
            couriers -= 1
            return nil
        }
        let isProbe = permission == .probe
        if isProbe { circuit.probeStarted() }
        return Pick(lease: waiting.remove(at: index), isProbe: isProbe)
    }

    /// Takes out what cannot be sent within its lease any more; everything when closing.
    mutating func takeUnusable(at now: Timestamp) -> [Lease] {
        let usable = isClosing ? [] : waiting.filter { isUsable($0, at: now) }
        guard usable.count < waiting.count else { return [] }
        let unusable = isClosing ? waiting : waiting.filter { !isUsable($0, at: now) }
        waiting = usable
        return unusable
    }

    /// When something here changes by time alone; nil while only others can change it.
    func nextChange(at now: Timestamp) -> Timestamp? {
        guard !waiting.isEmpty else { return nil }
        var changes = waiting.lazy.map { $0.expiresAt - reserve }.min().map { [$0] } ?? []
        if case .wait(until: let moment?) = circuit.permission(at: now) { changes.append(moment) }
        return changes.min()
    }

    private func isUsable(_ lease: Lease, at now: Timestamp) -> Bool { lease.expiresAt - now > reserve }
}
