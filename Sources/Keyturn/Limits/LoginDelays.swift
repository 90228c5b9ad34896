/// Slows wrong logins at one address. Never a lockout, and the same for addresses without an account.
import Synchronization

/// Wrong answers of the last 15 minutes are counted for each address, whichever client they were given to: from the 6th on a wrong
/// answer is delayed by 1, 2, 4 and at most 8 s. A client that does not wait for it finds the rest of the delay before its next attempt
/// at that address; other clients do not.
///
/// Memory is bounded in bytes, see ``bytesMax``; where there is no room, the oldest entry is forgotten. To make the service forget one
/// address, an attacker needs a wrong answer for each of more than ten thousand others, and each costs a hash.
package final class LoginDelays: Sendable {
    package static let window = Duration.seconds(15 * 60)
    package static let longest = Duration.seconds(8)
    /// Attempts of one client at one address that wait while another runs.
    package static let waitingMax = 4
    /// Wrong answers and delays remembered. The attempts under way stand beside it, each with a request of its own.
    package static let bytesMax = 8 << 20
    private static let freeAnswers = 5
    /// More are not told apart: the delay has reached its longest.
    private static let rememberedAnswers = freeAnswers + 4

    private struct Key: Hashable {
        let address: [UInt8]
        /// nil: the wrong answers of all clients.
        let client: Client?
    }

    private enum Remembered {
        /// Oldest first, at most ``rememberedAnswers``.
        case wrongAnswers([Timestamp])
        /// From when on the client's next attempt at the address is hashed.
        case delayed(until: Timestamp)
    }

    private typealias Table = RecentTable<Key, Remembered>
    private let table: Mutex<Table>
    private let turns = LoginTurns(waitingMax: LoginDelays.waitingMax)

    package init(bytesMax: Int = LoginDelays.bytesMax) { table = Mutex(Table(bytesMax: bytesMax)) }

    /// Attempts of the client at the address that wait for their turn.
    func waiting(_ subject: LoginSubject) -> Int { turns.waiting(for: subject) }

    /// Bytes the table takes.
    var bytes: Int { table.withLock { $0.bytes } }

    /// Waits for the client's turn at the address. After `.granted`, ``leave(_:)`` must follow.
    func enter(_ subject: LoginSubject) async -> LoginTurns.Turn { await turns.enter(subject) }

    func leave(_ subject: LoginSubject) { turns.leave(subject) }

    /// How long the client's attempt still waits before it is hashed; at most ``longest``, whatever the clock did.
    package func rest(of subject: LoginSubject, at now: Timestamp) -> Duration {
        table.withLock { table in
            guard case .delayed(let until) = table[Key(address: subject.address, client: subject.client)] else {
                return .zero
            }
            return Self.isOver(.delayed(until: until), at: now) ? .zero : until - now
        }
    }

    /// Counts a wrong answer.
    /// - Returns: how long to wait before it is given.
    package func afterWrong(_ subject: LoginSubject, at now: Timestamp) -> Duration {
        let key = Key(address: subject.address, client: nil)
        return table.withLock { table in
            table.removeOldest { Self.isOver($0, at: now) }
            let recent = Self.recent(table[key], at: now) + [now]
            let kept = Array(recent.suffix(Self.rememberedAnswers))
            let bytes = Table.heapBytes(ofArray: subject.address.count)
            table.store(
                .wrongAnswers(kept), for: key,
                heapBytes: bytes + Table.heapBytes(ofArray: kept.capacity * MemoryLayout<Timestamp>.stride))
            let delay = Self.delay(after: recent.count)
            if delay > .zero {
                table.store(
                    .delayed(until: now + delay), for: Key(address: subject.address, client: subject.client),
                    heapBytes: bytes)
            }
            return delay
        }
    }

    /// The client has waited as long as it had to.
    package func waited(_ subject: LoginSubject) {
        table.withLock { $0.remove(Key(address: subject.address, client: subject.client)) }
    }

    /// The right password: what was wrong before is forgotten.
    package func succeeded(_ subject: LoginSubject) {
        table.withLock { table in
            table.remove(Key(address: subject.address, client: nil))
            table.remove(Key(address: subject.address, client: subject.client))
        }
    }

    private static func delay(after count: Int) -> Duration {
        guard count > freeAnswers else { return .zero }
        return min(longest, .seconds(1 << min(count - freeAnswers - 1, 3)))
    }

    private static func recent(_ remembered: Remembered?, at now: Timestamp) -> [Timestamp] {
        guard case .wrongAnswers(let answers) = remembered else { return [] }
        return answers.filter { isRecent($0, at: now) }
    }

    /// A moment in the future is from before the clock was set back, and no longer says anything.
    private static func isRecent(_ answer: Timestamp, at now: Timestamp) -> Bool {
        answer <= now && now < answer + window
    }

    private static func isOver(_ remembered: Remembered, at now: Timestamp) -> Bool {
        switch remembered {
        case .wrongAnswers(let answers): !(answers.last.map { isRecent($0, at: now) } ?? false)
        case .delayed(let until): until <= now || until > now + longest
        }
    }
}
