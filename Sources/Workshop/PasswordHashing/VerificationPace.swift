import Cryptography
import Glibc
import Synchronization

/// How long a failed check takes, whatever hash it was of.
///
/// Every failed check takes as much processor time as one of the dearest hash that was seen, and is answered a quarter of that after it
/// was begun at the earliest. So it takes the same under a queue too: a place in the pool is held for the same time by all.
final class VerificationPace: Sendable {
    /// Passwords are as long as one of these at most; a long one takes longer in some formats, for every account alike.
    private static let lengths = [64, 256, 512, 1024, 4096]
    /// Costs that are told apart. More are measured each time they are met, and count.
    private static let costsMax = 256
    /// What a hash may take more than when it was measured, and still not be told from others.
    private static let margin = 1.15
    private static let wallMargin = 1.25
    private static let wallLeast = Duration.milliseconds(1)

    private struct State {
        var known: Set<HashCost> = []
        /// At most one place of the pool is taken for each.
        var beingMeasured: Set<HashCost> = []
        /// Processor time of the dearest hash, for each of ``lengths``.
        var dearest = [Duration](repeating: .zero, count: lengths.count)
    }

    private let state = Mutex(State())

    func knows(_ cost: HashCost) -> Bool { state.withLock { $0.known.contains(cost) } }

    /// - Returns: whether the caller is to measure it; ``endMeasuring(_:)`` must follow.
    func beginMeasuring(_ cost: HashCost) -> Bool {
        state.withLock { !$0.known.contains(cost) && $0.beingMeasured.insert(cost).inserted }
    }

    func endMeasuring(_ cost: HashCost) { state.withLock { _ = $0.beingMeasured.remove(cost) } }

    /// Runs the hash, twice for every length that makes a difference. Blocks the thread for as long as that takes.
    func measure(_ stored: any StoredHash) {
        let lengths = stored.cost.growsWithPassword ? Self.lengths : [Self.lengths[0]]
        let measured = lengths.map { count in
            let password = Password([UInt8](repeating: UInt8(ascii: "x"), count: count))
            return (0..<2).reduce(Duration.zero) { longest, _ in
                let began = Self.threadTime()
                // Without memory there is nothing to measure; the next who meets it tries again.
                _ = try? stored.matches(password)
                return max(longest, Self.threadTime() - began)
            }
        }
        note(stored.cost, measured)
    }

    /// - Parameter measured: for each length, or one for all.
    func note(_ cost: HashCost, _ measured: [Duration]) {
        guard let last = measured.last else { return }
        state.withLock { state in
            for index in state.dearest.indices {
                let time = index < measured.count ? measured[index] : last
                state.dearest[index] = max(state.dearest[index], time)
            }
            if state.known.count < Self.costsMax { state.known.insert(cost) }
        }
    }

    /// Processor time that a failed check of the password takes in all.
    func budget(for password: Password) -> Duration {
        let longest = max(password.bytes.count, password.typed?.count ?? 0)
        let index = Self.lengths.firstIndex { longest <= $0 } ?? Self.lengths.count - 1
        // A password with two spellings is checked twice.
        let times = password.asTyped == nil ? Self.margin : 2 * Self.margin
        return state.withLock { $0.dearest[index] } * times
    }

    /// Keeps the processor busy until this thread has used `budget` since `began`.
    func fill(_ budget: Duration, since began: Duration) {
        var bytes = [UInt8](repeating: 0, count: 32)
        while Self.threadTime() - began < budget {
            for _ in 0..<16 { bytes = Digest.sha256(bytes) }
        }
    }

    /// How long after its beginning a failed check is answered at the earliest.
    static func moment(after budget: Duration) -> Duration { budget * wallMargin + wallLeast }

    /// Processor time that this thread has used.
    static func threadTime() -> Duration {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
