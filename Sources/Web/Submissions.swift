import Cryptography
import HTTP
import Keyturn
import Synchronization

/// A form's one-time key: 128 random bits, made when the page is shown.
struct SubmissionKey: Sendable, Equatable {
    static let field = "submission"
    static let byteCount = 16

    let text: String

    static func random() -> SubmissionKey { SubmissionKey(Base64URL.encode(SecureRandom.bytes(byteCount))) }

    private init(_ text: String) { self.text = text }

    init?(parsing text: String) {
        guard text.utf8.count == 22, Base64URL.decode(text.utf8)?.count == Self.byteCount else { return nil }
        self.text = text
    }
}

/// Lets a second click of one form wait for the first one's answer and have the same, instead of an error.
///
/// Entries are found by a digest of path and whole body, so a key alone opens nothing, and no field is kept. An answer is
/// remembered for `lifetime`; one that only says "not now" is shared by those who waited and forgotten. At `capacity` the oldest answers go;
/// where all are still being worked on, the next form goes its own way.
final class Submissions: Sendable {
    static let lifetime: Duration = .seconds(120)
    /// How many clicks wait for one answer; the next is told to come back.
    static let waitersMax = 8
    private static let transient = [429, 500, 503]

    private typealias Waiter = CheckedContinuation<Turn, Never>
    private enum Turn { case first, alone, refused, answered(Reply) }
    private enum Entry { case working(waiters: [Waiter]), answered(Reply) }

    private struct State {
        private var entries: [[UInt8]: Entry] = [:]
        /// Which entries are answered, oldest first.
        private var answered: [(digest: [UInt8], at: Timestamp)] = []

        /// - Returns: nil where `waiter` waits now for the answer.
        mutating func turn(of digest: [UInt8], at now: Timestamp, upTo capacity: Int, waiting waiter: Waiter) -> Turn? {
            forget(answered.prefix { $0.at < now - Submissions.lifetime }.count)
            switch entries[digest] {
            case .answered(let reply): return .answered(reply)
            case .working(let waiters):
                guard waiters.count < Submissions.waitersMax else { return .refused }
                entries[digest] = .working(waiters: waiters + [waiter])
                return nil
            case nil:
                if entries.count >= capacity { forget(1) }
                guard entries.count < capacity else { return .alone }
                entries[digest] = .working(waiters: [])
                return .first
            }
        }

        /// - Returns: who waited for it.
        mutating func settle(_ digest: [UInt8], with reply: Reply, at now: Timestamp) -> [Waiter] {
            guard case .working(let waiters) = entries[digest] else { return [] }
            if Submissions.transient.contains(reply.response.status.code) {
                entries[digest] = nil
            } else {
                entries[digest] = .answered(reply)
                answered.append((digest, now))
            }
            return waiters
        }

        /// Drops so many of the oldest answers, or as many as there are.
        private mutating func forget(_ count: Int) {
            for entry in answered.prefix(count) { entries[entry.digest] = nil }
            answered.removeFirst(min(count, answered.count))
        }
    }

    private let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int = 4096) {
        self.capacity = capacity
    }

    func join(
        _ key: SubmissionKey, path: String, body: [UInt8], at now: Timestamp, work: @Sendable () async -> Reply
    ) async -> Reply {
        let digest = Digest.sha256(Array(key.text.utf8) + Array(path.utf8) + [0] + body)
        switch await turn(of: digest, at: now) {
        case .answered(let reply): return reply
        case .refused: return Reply(Problem.busy.response())
        case .alone: return await work()
        case .first:
            let reply = await work()
            settle(digest, with: reply, at: now)
            return reply
        }
    }

    /// Waits as long as the first click's work lasts; whatever that waits for has an end of its own.
    private func turn(of digest: [UInt8], at now: Timestamp) async -> Turn {
        await withCheckedContinuation { continuation in
            let turn = state.withLock { $0.turn(of: digest, at: now, upTo: capacity, waiting: continuation) }
            if let turn { continuation.resume(returning: turn) }
        }
    }

    private func settle(_ digest: [UInt8], with reply: Reply, at now: Timestamp) {
        let waiters = state.withLock { $0.settle(digest, with: reply, at: now) }
        for waiter in waiters { waiter.resume(returning: .answered(reply)) }
    }
}
