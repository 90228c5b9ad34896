/// The table of docs/outbox.md, held against the disk: whatever happens, in whatever order, with crashes between.
import Foundation
import GRDB
import Keyturn
import PasswordHashing
import Telemetry
import TestKit
import Testing

@testable import SQLiteStorage

@Suite struct `A row of the outbox` {
    enum Event: String {
        case record, replace, revoke, lease, delivered, skipped, later, lost, lostForGood, failed, refused, released,
            stranger, takeBack, retry, purge
    }

    enum State: String { case absent, pending, leased, failed }

    struct Transition: Hashable, CustomStringConvertible {
        let from: State
        let event: Event
        let to: State
        init(_ from: State, _ event: Event, _ to: State) { (self.from, self.event, self.to) = (from, event, to) }
        var description: String { "\(from) \(event) \(to)" }
    }

    /// As documented.
    static let legal: Set<Transition> = [
        Transition(.absent, .record, .pending), Transition(.pending, .record, .pending),
        Transition(.leased, .record, .leased),
        Transition(.absent, .replace, .pending), Transition(.pending, .replace, .absent),
        Transition(.leased, .replace, .absent), Transition(.failed, .replace, .absent),
        Transition(.pending, .revoke, .absent), Transition(.leased, .revoke, .absent),
        Transition(.failed, .revoke, .absent),
        Transition(.pending, .lease, .leased), Transition(.leased, .lease, .leased),
        Transition(.leased, .delivered, .absent), Transition(.leased, .delivered, .pending),
        Transition(.leased, .skipped, .absent), Transition(.leased, .skipped, .pending),
        Transition(.leased, .later, .pending),
        Transition(.leased, .lost, .pending), Transition(.leased, .lostForGood, .failed),
        Transition(.leased, .lostForGood, .pending), Transition(.leased, .refused, .pending),
        Transition(.leased, .failed, .failed), Transition(.leased, .failed, .pending),
        Transition(.leased, .released, .pending),
        Transition(.leased, .takeBack, .pending),
        Transition(.failed, .retry, .pending), Transition(.failed, .retry, .absent),
        Transition(.pending, .purge, .absent), Transition(.leased, .purge, .absent),
        Transition(.failed, .purge, .absent),
    ]

    @Test func `goes only where it may, everywhere it may, and nowhere in a crash`() async throws {
        var seen: Set<Transition> = []
        // As many lives as it takes to see everything, at least two.
        for seed in 1...24 as ClosedRange<UInt64> where seed < 3 || seen != Self.legal {
            var life = Life(seed: seed)
            try await life.live(steps: 600)
            seen.formUnion(life.seen)
            #expect(life.seen.isSubset(of: Self.legal), "seed \(seed): \(life.seen.subtracting(Self.legal))")
            #expect(life.crashes > 10, "seed \(seed)")
        }
        #expect(seen == Self.legal, "never seen: \(Self.legal.subtracting(seen))")
    }

    /// A row as it stands on disk.
    private struct Row: Equatable {
        let state: State
        let token: String?
        let due: Int64
        let recorded: Int64
        let attempts: Int64
        let reason: String?
        let requests: Int64
    }

    private struct Life {
        private(set) var seen: Set<Transition> = []
        private(set) var crashes = 0
        private var random: SeededGenerator
        private let context: Comment
        private var now = Timestamp.noon
        /// Those that were given out, the newest last; most are over by now.
        private var leases: [Lease] = []
        private let addresses = ["ann@example.com", "bob@example.org", "ANN@example.com", "nobody@example.com"]

        init(seed: UInt64) {
            context = "seed \(seed)"
            random = SeededGenerator(seed: seed)
        }

        mutating func live(steps: Int) async throws {
            var folder = try TestDirectory()
            var database = try open(in: folder)
            for new in [NewUser.ann, .bob] { _ = try await database.accounts.add(new, at: now) }
            var before = try rows(in: folder)
            for _ in 0..<steps {
                now = now + .milliseconds(number(0...9000))
                if number(0...19) == 0 {
                    let next = try crash(folder)
                    database.close()
                    (folder, database) = (next, try open(in: next))
                    #expect(try rows(in: folder) == before, context)
                    try await database.takeBackLeases(at: now)
                    before = try compare(before, with: rows(in: folder), after: .takeBack)
                } else {
                    let event = Self.often[number(0...Self.often.count - 1)]
                    guard try await make(event, happenTo: database) else { continue }
                    before = try compare(before, with: rows(in: folder), after: event)
                }
            }
            database.close()
        }

        /// There must be something for the others to happen to.
        private static let often =
            [Event](repeating: .record, count: 7) + [Event](repeating: .lease, count: 6)
            + [
                .delivered, .delivered, .skipped, .skipped, .later, .later, .lost, .lost, .lostForGood, .lostForGood,
                .failed,
                .failed,
                .refused, .refused, .released, .released,
                .stranger, .retry,
                .purge, .replace, .revoke,
            ]

        private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

        private func open(in folder: TestDirectory) throws -> SQLiteDatabase {
            try SQLiteDatabase(.init(path: "\(folder.path)/k.sqlite"), now: now, metrics: Metrics(), log: .silent)
        }

        /// What a killed process leaves: database and log as they are, and behind them a piece of what was not committed.
        private mutating func crash(_ folder: TestDirectory) throws -> TestDirectory {
            crashes += 1
            let left = try TestDirectory()
            for file in ["k.sqlite", "k.sqlite-wal"] {
                try FileManager.default.copyItem(atPath: "\(folder.path)/\(file)", toPath: "\(left.path)/\(file)")
            }
            let log = try FileHandle(forWritingTo: URL(filePath: "\(left.path)/k.sqlite-wal"))
            try log.seekToEnd()
            try log.write(contentsOf: Data(repeating: 0x5A, count: number(0...5000)))
            try log.close()
            return left
        }

        /// - Returns: false where there is nobody it could happen to.
        private mutating func make(_ event: Event, happenTo database: SQLiteDatabase) async throws -> Bool {
            let outbox = database.tested
            switch event {
            case .record:
                try await outbox.record(addresses[number(0...3)], at: now)
            case .replace:
                let user = try #require(try await database.accounts.user(id: UserID("\(number(1...2))")))
                let hash: PasswordHash = user.passwordHash.text == "$scrypt$second" ? .first : .second
                #expect(try await database.accounts.replace(user.credentials, with: hash, tellingIn: nil, at: now))
            case .revoke:
                let user = try #require(try await database.accounts.user(id: UserID("\(number(1...2))")))
                #expect(try await database.accounts.revokeLinks(user.credentials, by: .visitor, at: now))
            case .lease:
                leases += try await outbox.lease(atMost: number(1...3), for: .seconds(30), at: now)
            case .delivered, .skipped, .later, .lost, .lostForGood, .failed, .refused, .released:
                guard let lease = leases.popLast() else { return false }
                let outcome: Outcome =
                    switch event {
                    case .delivered: .delivered(messageID: "m")
                    case .skipped: .skipped(.throttled)
                    case .later: .later(at: now + .seconds(number(1...60)), reason: "503")
                    case .lost: .answerLost(again: now + .seconds(60), reason: "lost", isCutOff: false)
                    case .lostForGood: .answerLost(again: nil, reason: "400", isCutOff: false)
                    case .refused: .refused(reason: "401")
                    case .failed: .failed(reason: "400")
                    default: .released(reason: nil)
                    }
                let isHeld = try await outbox.stillHolds(lease)
                #expect(try await outbox.settle(lease, of: nil, as: outcome, at: now) == isHeld, context)
            case .stranger:
                guard let lease = leases.last else { return false }
                let other = Lease(
                    id: lease.id, token: .random(), letter: lease.letter, attempts: lease.attempts,
                    recordedAt: lease.recordedAt, expiresAt: lease.expiresAt)
                #expect(try await !outbox.settle(other, of: nil, as: .delivered(messageID: "m"), at: now))
            case .takeBack: return false
            case .retry: _ = try await outbox.retry(.allFailed, at: now)
            case .purge:
                _ = try await outbox.purge(.address(EmailAddress(stored: addresses[number(0...3)])))
            }
            return true
        }

        private func rows(in folder: TestDirectory) throws -> [Int64: Row] {
            let queue = try DatabaseQueue(path: "\(folder.path)/k.sqlite")
            defer { try? queue.close() }
            return try queue.read { db in
                let found = try GRDB.Row.fetchAll(
                    db,
                    sql:
                        "SELECT id, state, lease_token, due_at, recorded_at, attempts, last_reason, requests FROM outbox"
                )
                return Dictionary(
                    uniqueKeysWithValues: found.map { row in
                        (
                            row[0] as Int64,
                            Row(
                                state: State(rawValue: row[1]) ?? .absent, token: row[2], due: row[3], recorded: row[4],
                                attempts: row[5], reason: row[6], requests: row[7])
                        )
                    })
            }
        }

        /// - Returns: the rows after.
        private mutating func compare(_ before: [Int64: Row], with after: [Int64: Row], after event: Event) throws
            -> [Int64: Row]
        {
            for id in Set(before.keys).union(after.keys) where before[id] != after[id] {
                seen.insert(Transition(before[id]?.state ?? .absent, event, after[id]?.state ?? .absent))
            }
            for row in after.values {
                #expect((row.state == .leased) == (row.token != nil), context)
                if event != .retry, row.state == .failed { #expect(row.reason == "400", context) }
            }
            // Nobody has an address twice: one letter is under way for it, or none.
            let open = leases.filter { lease in
                after.values.contains { $0.token == lease.token.text && $0.due > now.milliseconds }
            }
            let typed = open.compactMap { lease -> EmailAddress? in
                guard case .resetLink(let request) = lease.letter else { return nil }
                return request.email
            }
            #expect(Set(typed).count == typed.count, context)
            return after
        }
    }
}
