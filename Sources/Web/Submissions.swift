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

    private enum Entry {
        case working(waiters: [CheckedContinuation<Reply?, Never>])
        case answered(Reply)
    }
    private struct State {
        var entries: [[UInt8]: Entry] = [:]
        /// Which entries are answered, oldest first.
        var answered: [(digest: [UInt8], at: Timestamp)] = []
    }
    private enum Turn { case first, alone, wait, refused, answered(Reply) }

    private let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int = 4096) {
        self.capacity = capacity
    }

    func join(
        _ key: SubmissionKey, path: String, body: [UInt8], at now: Timestamp, work: @Sendable () async -> Reply
    ) async -> Reply {
        let digest = Digest.sha256(Array(key.text.utf8) + Array(path.utf8) + [0] + body)
        switch take(digest, at: now) {
        case .answered(let reply): return reply
        case .refused: return Reply(Problem.busy.response())
        case .alone: return await work()
        case .wait:
            if let reply = await answer(to: digest) { return reply }
            return await work()
        case .first:
            let reply = await work()
            settle(digest, with: reply, at: now)
            return reply
        }
    }

    private func take(_ digest: [UInt8], at now: Timestamp) -> Turn {
        state.withLock { state in
            Self.forget(state.answered.prefix { $0.at < now - Self.lifetime }.count, in: &state)
            switch state.entries[digest] {
            case .answered(let reply): return .answered(reply)
            case .working(let waiters): return waiters.count < Self.waitersMax ? .wait : .refused
            case nil:
                if state.entries.count >= capacity { Self.forget(1, in: &state) }
                guard state.entries.count < capacity else { return .alone }
                state.entries[digest] = .working(waiters: [])
                return .first
            }
        }
    }

    /// Waits as long as the first click's work lasts; whatever that waits for has an end of its own.
    /// - Returns: nil where the answer has come and gone between two looks.
    private func answer(to digest: [UInt8]) async -> Reply? {
        await withCheckedContinuation { continuation in
            let ready: Reply?? = state.withLock { state in
                switch state.entries[digest] {
                case .answered(let reply): return .some(reply)
                case nil: return .some(nil)
                case .working(let waiters):
                    state.entries[digest] = .working(waiters: waiters + [continuation])
                    return .none
                }
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }

    private func settle(_ digest: [UInt8], with reply: Reply, at now: Timestamp) {
        let waiters = state.withLock { state -> [CheckedContinuation<Reply?, Never>] in
            guard case .working(let waiters) = state.entries[digest] else { return [] }
            if Self.transient.contains(reply.response.status.code) {
                state.entries[digest] = nil
            } else {
                state.entries[digest] = .answered(reply)
                state.answered.append((digest, now))
            }
            return waiters
        }
        for waiter in waiters { waiter.resume(returning: reply) }
    }

    /// Drops so many of the oldest answers, or as many as there are.
    private static func forget(_ count: Int, in state: inout State) {
        for entry in state.answered.prefix(count) { state.entries[entry.digest] = nil }
        state.answered.removeFirst(min(count, state.answered.count))
    }
}
