/// How long the next wrong login of an account waits. Never a lockout, and the same for accounts that do not exist.
import Synchronization

/// Wrong answers of the last 15 minutes are counted for each address: from the 6th on they wait 1, 2, 4 and at most 8 s.
///
/// Memory is bounded. Where room is needed, the account with the fewest wrong answers is forgotten first: to make somebody with
/// six be forgotten, one must answer six times wrongly for each of the seats beside, and each answer costs its sender a hash.
package final class LoginDelays: Sendable {
    package static let window = Duration.seconds(15 * 60)
    package static let longest = Duration.seconds(8)
    private static let freeAnswers = 5
    /// More are not told apart: the wait has reached its longest.
    private static let rememberedAnswers = freeAnswers + 4

    /// Newest last, at most ``rememberedAnswers``.
    private let wrongAnswers: Mutex<BoundedTable<[Timestamp]>>

    /// - Parameter capacity: accounts remembered at once, each with at most nine moments (about 150 bytes).
    package init(capacity: Int = 100_000) { wrongAnswers = Mutex(BoundedTable(capacity: capacity)) }

    /// Counts a wrong answer and says how long to wait before it is told.
    package func afterWrong(_ email: EmailAddress, at now: Timestamp) -> Duration {
        let key = BoundedTable<[Timestamp]>.key(of: email)
        let count = wrongAnswers.withLock { table in
            let recent = Self.recent(table[key] ?? [], at: now) + [now]
            table.store(Array(recent.suffix(Self.rememberedAnswers)), for: key) { others in
                Int64(Self.recent(others, at: now).count)
            }
            return recent.count
        }
        guard count > Self.freeAnswers else { return .zero }
        return min(Self.longest, .seconds(1 << min(count - Self.freeAnswers - 1, 3)))
    }

    /// The right password: what was wrong before is forgotten.
    package func succeeded(_ email: EmailAddress) {
        wrongAnswers.withLock { $0.forget(BoundedTable<[Timestamp]>.key(of: email)) }
    }

    /// A moment in the future is from before the clock was set back, and no longer says anything.
    private static func recent(_ answers: [Timestamp], at now: Timestamp) -> [Timestamp] {
        answers.filter { $0 <= now && now < $0 + window }
    }
}
