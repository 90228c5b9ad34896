/// Crashes between two databases: every call may be the last one, or its answer may be lost.
import Keyturn
import PasswordHashing
import SQLiteStorage
import Synchronization
import TestKit
import Testing

@testable import ForeignUsers

/// Counts the calls of both databases together, and ends at one of them.
private final class Fuse: Sendable {
    enum When: CaseIterable, Sendable { case before, after }
    static let crash = StorageFailed(.unavailable, reason: "the process was killed")

    private let left: Mutex<Int>
    private let when: When

    init(at call: Int, _ when: When) {
        left = Mutex(call)
        self.when = when
    }

    func through<Value>(_ body: () async throws(StorageFailed) -> Value) async throws(StorageFailed) -> Value {
        let order = left.withLock { left in
            defer { left -= 1 }
            return left
        }
        guard order > 0 || (order == 0 && when == .after) else { throw Self.crash }
        let value = try await body()
        guard order > 0 else { throw Self.crash }
        return value
    }
}

private struct FusedRecords: ForeignRecords {
    let real: any ForeignRecords
    let fuse: Fuse

    func records(of users: [UserID]) async throws(StorageFailed) -> [ForeignRecord] {
        try await real.records(of: users)
    }
    func begin(_ intent: Intent, epoch: Int64, at now: Timestamp) async throws(StorageFailed) -> IntentBegun {
        try await fuse.through { () async throws(StorageFailed) in try await real.begin(intent, epoch: epoch, at: now) }
    }
    func end(_ intent: Intent, as ending: IntentEnding, with consequences: Consequences, at now: Timestamp)
        async throws(StorageFailed) -> Bool
    {
        try await fuse.through { () async throws(StorageFailed) in
            try await real.end(intent, as: ending, with: consequences, at: now)
        }
    }
    func overdueIntents(atMost limit: Int, at now: Timestamp) async throws(StorageFailed) -> [Intent] {
        try await real.overdueIntents(atMost: limit, at: now)
    }
    func keepKeyMaterial(_ material: [(UserID, [UInt8])]) async throws(StorageFailed) {
        try await real.keepKeyMaterial(material)
    }
    func setDisabled(_ id: UserID, _ disabled: Bool, with consequences: Consequences, at now: Timestamp)
        async throws(StorageFailed)
    {
        try await real.setDisabled(id, disabled, with: consequences, at: now)
    }
}

private struct FusedSource: ForeignSource {
    let real: any ForeignSource
    let fuse: Fuse

    var takesPasswords: Bool { real.takesPasswords }
    func rows(of emails: [EmailAddress], for asking: Asking) async throws(StorageFailed) -> [[ForeignRow]] {
        try await real.rows(of: emails, for: asking)
    }
    func rows(of ids: [UserID], for asking: Asking) async throws(StorageFailed) -> [ForeignRow?] {
        guard asking == .worker else { return try await real.rows(of: ids, for: asking) }
        return try await fuse.through { () async throws(StorageFailed) in try await real.rows(of: ids, for: asking) }
    }
    func list(after id: UserID?, limit: Int) async throws(StorageFailed) -> [ForeignRow] { [] }
    func swap(_ swap: Swap) async -> (outcome: SwapOutcome, rejected: [RejectedByApp]) {
        do {
            return try await fuse.through { () async throws(StorageFailed) in await real.swap(swap) }
        } catch {
            // A process that is dead hears nothing.
            return (.unknown(error), [])
        }
    }
    func close() {}
}

@Suite struct `After a crash between the two databases` {
    @Test(arguments: 0..<6, [0, 1]) func `a changed password is told of, and an unchanged one is not`(
        call: Int, after: Int
    )
        async throws
    {
        try await Place.use { place in
            let source = try place.source()
            let records = try #require(place.store.foreignRecords)
            let whole = try place.accounts(source)
            let ann = try await whole.ann()
            let fuse = Fuse(at: call, after == 0 ? .before : .after)
            let dying = try place.accounts(
                FusedSource(real: source, fuse: fuse), records: FusedRecords(real: records, fuse: fuse))
            let isDone = try? await dying.replace(ann.credentials, with: PasswordHash("new"), at: .noon)

            // The next start: its clock is past the deadline of what was left.
            let later = WallClock { .noon + .seconds(60) }
            let next = try place.accounts(source, clock: later)
            _ = try await next.recoverAll()
            #expect(try await next.recoverAll() == 0)
            let isChanged = try await next.ann().passwordHash == PasswordHash("new")
            #expect(try await place.letters().count == (isChanged ? 1 : 0))
            if isDone == true { #expect(isChanged) }
            // The link works once more exactly if nothing was changed, and the account is not locked.
            #expect(try await next.replace(ann.credentials, with: PasswordHash("newer"), at: .noon) == !isChanged)
            #expect(try await place.letters().count == 1)
        }
    }

    @Test(arguments: 0..<4, [0, 1]) func `links are revoked or not, and the account is not locked`(
        call: Int, after: Int
    )
        async throws
    {
        try await Place.use { place in
            let source = try place.source()
            let records = try #require(place.store.foreignRecords)
            let ann = try await place.accounts(source).ann()
            let fuse = Fuse(at: call, after == 0 ? .before : .after)
            let dying = try place.accounts(
                FusedSource(real: source, fuse: fuse), records: FusedRecords(real: records, fuse: fuse))
            let isDone = try? await dying.revokeLinks(ann.credentials, by: .visitor, at: .noon)
            let next = try place.accounts(source, clock: WallClock { .noon + .seconds(60) })
            _ = try await next.recoverAll()
            let epoch = try await next.ann().resetEpoch
            if isDone == true { #expect(epoch == 1) }
            #expect(try await next.replace(ann.credentials, with: PasswordHash("new"), at: .noon) == (epoch == 0))
        }
    }

    @Test func `the next change of the account ends what was left of the last one`() async throws {
        try await Place.use { place in
            let source = try place.source()
            let records = try #require(place.store.foreignRecords)
            let ann = try await place.accounts(source).ann()
            // Killed after the app's database was changed.
            let fuse = Fuse(at: 1, .after)
            let dying = try place.accounts(
                FusedSource(real: source, fuse: fuse), records: FusedRecords(real: records, fuse: fuse))
            _ = try? await dying.replace(ann.credentials, with: PasswordHash("new"), at: .noon)
            #expect(try await place.letters().isEmpty)
            let next = try place.accounts(source, clock: WallClock { .noon + .seconds(60) })
            #expect(try await next.revokeLinks(try await next.ann().credentials, by: .visitor, at: .noon))
            #expect(try await place.letters().count == 1)
        }
    }

    @Test func `a service that starts does not wait for the deadlines of the one that was killed`() async throws {
        try await Place.use { place in
            let source = try place.source()
            let records = try #require(place.store.foreignRecords)
            let ann = try await place.accounts(source).ann()
            let fuse = Fuse(at: 1, .after)
            let dying = try place.accounts(
                FusedSource(real: source, fuse: fuse), records: FusedRecords(real: records, fuse: fuse))
            _ = try? await dying.replace(ann.credentials, with: PasswordHash("new"), at: .noon)
            let next = try place.accounts(source)
            #expect(try await next.recoverAll() == 0)
            try await place.store.takeBackLeases(at: .noon)
            #expect(try await next.recoverAll() == 1)
            #expect(try await place.letters().count == 1)
        }
    }
}
