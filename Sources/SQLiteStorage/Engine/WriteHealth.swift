/// Whether the store can be written to, as the newest commit says.
import Keyturn
import Synchronization

/// Every commit of the service is a check of the disk, so `/readyz` reads what the newest of them came to and writes nothing itself. Only if
/// nothing was committed for ``quietMax``, or the last commit failed, the store writes a row of its own to find out.
///
/// Ages are measured by a clock that is never set.
final class WriteHealth: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// How old the newest commit may be before the store writes a row of its own.
    static let quietMax: Duration = .seconds(5)
    /// The same after one that failed.
    static let quietMaxFailing: Duration = .milliseconds(500)
    /// A commit that takes longer than this has failed, as far as readiness is concerned.
    static let commitMax: Duration = .seconds(3)

    private struct State {
        /// Of the newest commit that wrote something, or of the row of our own.
        var failure: StorageFailed?
        var at: Instant
        /// When the commit that is under way began.
        var began: Instant?
    }

    private let state: Mutex<State>

    /// Opening the store has written to it.
    init(at now: Instant = .now) { state = Mutex(State(at: now)) }

    func began(at now: Instant = .now) { state.withLock { $0.began = now } }

    /// - Parameter wrote: false if nothing had changed: then the disk was not asked, and nothing was found out.
    func committed(wrote: Bool, at now: Instant = .now) {
        state.withLock { state in
            state.began = nil
            if wrote { (state.failure, state.at) = (nil, now) }
        }
    }

    func failed(_ failure: StorageFailed, at now: Instant = .now) {
        state.withLock { $0 = State(failure: failure, at: now) }
    }

    /// - Returns: nil while the store takes writes.
    func problem(at now: Instant = .now) -> StorageFailed? {
        state.withLock { state in
            if let began = state.began, now - began > Self.commitMax {
                return state.failure ?? StorageFailed(.unavailable, reason: "no answer within \(Self.commitMax)")
            }
            // The row of our own is overdue: something keeps it from being written.
            guard now - state.at > Self.quietMax + Self.commitMax else { return state.failure }
            return state.failure ?? StorageFailed(.unavailable, reason: "no commit for \(now - state.at)")
        }
    }

    /// - Returns: how long until the store has to write a row of its own; zero or less: now.
    func quietLeft(at now: Instant = .now) -> Duration {
        state.withLock { state in
            (state.failure == nil ? Self.quietMax : Self.quietMaxFailing) - (now - state.at)
        }
    }
}
