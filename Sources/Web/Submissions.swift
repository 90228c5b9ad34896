import Cryptography
import HTTP
import Keyturn
import Synchronization

/// Gives a second click of one form the outcome of the first, instead of an error.
///
/// Entries are found by a digest of path and whole body, so a key alone opens nothing, and no field is kept. Only a response that says
/// that something was done (a status below 400) is kept, for ``lifetime``: a form that was refused has changed nothing, so sending it again
/// gives the same answer, and what strangers send in vain takes no memory. All entries together take at most ``bytesMax``; for a new one the
/// oldest responses go. If all that is left are forms still being worked on, the next form is handled on its own.
///
/// Ages are measured by a clock that is never set, and a timer frees what is too old, whether or not another form comes.
final class Submissions: Sendable {
    static let lifetime: Duration = .seconds(120)
    /// What all entries may take together.
    static let bytesMax = 4 * 1024 * 1024
    /// What an entry takes beside the bytes of its response: digest, array headers, its place in the tables.
    static let entryBytes = 512
    /// How many clicks wait for one response; the next is told to come back.
    static let waitersMax = 8

    private typealias Waiter = CheckedContinuation<Turn, Never>
    private enum Turn { case first, alone, refused, answered(Reply) }
    private enum Entry { case working(waiters: [Waiter]), answered(Reply) }

    private struct State {
        private var entries: [[UInt8]: Entry] = [:]
        /// Which entries are answered, oldest first.
        private var answered: [(digest: [UInt8], at: ContinuousClock.Instant, bytes: Int)] = []
        private(set) var bytes = 0
        /// Whether a timer runs that frees what is too old.
        var isTimed = false

        /// When the oldest response was kept; nil if none is.
        var oldest: ContinuousClock.Instant? { answered.first?.at }

        /// - Returns: nil if `waiter` now waits for the response.
        mutating func turn(of digest: [UInt8], within bytesMax: Int, waiting waiter: Waiter) -> Turn? {
            switch entries[digest] {
            case .answered(let reply): return .answered(reply)
            case .working(let waiters):
                guard waiters.count < Submissions.waitersMax else { return .refused }
                entries[digest] = .working(waiters: waiters + [waiter])
                return nil
            case nil:
                guard makeRoom(for: Submissions.entryBytes, within: bytesMax) else { return .alone }
                entries[digest] = .working(waiters: [])
                bytes += Submissions.entryBytes
                return .first
            }
        }

        /// - Returns: the clicks that waited for it.
        mutating func settle(
            _ digest: [UInt8], with reply: Reply, at now: ContinuousClock.Instant, within bytesMax: Int
        ) -> [Waiter] {
            guard case .working(let waiters) = entries[digest] else { return [] }
            let size = reply.response.bytesHeld
            if reply.response.status.code < 400, makeRoom(for: size, within: bytesMax) {
                entries[digest] = .answered(reply)
                answered.append((digest, now, Submissions.entryBytes + size))
                bytes += size
            } else {
                entries[digest] = nil
                bytes -= Submissions.entryBytes
            }
            return waiters
        }

        mutating func forget(keptBefore moment: ContinuousClock.Instant) {
            forget(answered.prefix { $0.at <= moment }.count)
        }

        /// - Returns: false if forms that are being worked on take all of it.
        private mutating func makeRoom(for size: Int, within bytesMax: Int) -> Bool {
            var (freed, count) = (0, 0)
            while bytes - freed + size > bytesMax, count < answered.count {
                freed += answered[count].bytes
                count += 1
            }
            guard bytes - freed + size <= bytesMax else { return false }
            forget(count)
            return true
        }

        /// Drops so many of the oldest responses.
        private mutating func forget(_ count: Int) {
            guard count > 0 else { return }
            for entry in answered.prefix(count) {
                entries[entry.digest] = nil
                bytes -= entry.bytes
            }
            answered.removeFirst(count)
        }
    }

    private let bytesMax: Int
    private let now: @Sendable () -> ContinuousClock.Instant
    private let sleep: @Sendable (Duration) async -> Void
    private let state = Mutex(State())

    /// - Parameters: `now`, `sleep`: the clock that ages are measured by, and the timer's wait.
    init(
        bytesMax: Int = Submissions.bytesMax, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        sleep: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
    ) {
        self.bytesMax = bytesMax
        self.now = now
        self.sleep = sleep
    }

    /// What all entries take now.
    var bytes: Int { state.withLock { $0.bytes } }

    func join(_ key: SubmissionKey, path: String, body: [UInt8], work: @Sendable () async -> Reply) async -> Reply {
        let digest = Digest.sha256(Array(key.text.utf8) + Array(path.utf8) + [0] + body)
        switch await turn(of: digest) {
        case .answered(let reply): return reply
        case .refused: return Reply(Problem.busy.response())
        case .alone: return await work()
        case .first:
            let reply = await work()
            settle(digest, with: reply)
            return reply
        }
    }

    /// Waits as long as the first click's work lasts; whatever that waits for has an end of its own.
    private func turn(of digest: [UInt8]) async -> Turn {
        forgetOld()
        return await withCheckedContinuation { continuation in
            let turn = state.withLock { $0.turn(of: digest, within: bytesMax, waiting: continuation) }
            if let turn { continuation.resume(returning: turn) }
        }
    }

    private func settle(_ digest: [UInt8], with reply: Reply) {
        let now = now()
        let (waiters, needsTimer) = state.withLock { state in
            let waiters = state.settle(digest, with: reply, at: now, within: bytesMax)
            let needsTimer = state.oldest != nil && !state.isTimed
            if needsTimer { state.isTimed = true }
            return (waiters, needsTimer)
        }
        for waiter in waiters { waiter.resume(returning: .answered(reply)) }
        if needsTimer { startTimer() }
    }

    private func forgetOld() {
        let end = now() - Self.lifetime
        state.withLock { $0.forget(keptBefore: end) }
    }

    /// Runs while anything is kept.
    private func startTimer() {
        Task { [weak self, sleep] in
            while let wait = self?.timeToNext() { await sleep(wait) }
        }
    }

    /// Frees what is too old. - Returns: how long until the next is; nil if nothing is kept, and then the timer has ended.
    private func timeToNext() -> Duration? {
        let now = now()
        return state.withLock { state in
            state.forget(keptBefore: now - Self.lifetime)
            guard let oldest = state.oldest else {
                state.isTimed = false
                return nil
            }
            return Self.lifetime - (now - oldest)
        }
    }
}
