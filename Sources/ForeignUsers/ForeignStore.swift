package import Keyturn
import Logging
package import Telemetry

/// A store whose accounts live elsewhere: all but them is the store's own.
package struct ForeignStore: Store {
    /// From one look at intents past their deadline to the next.
    static let recoveryInterval: Duration = .seconds(2)

    private let own: any Store
    private let foreign: ForeignAccounts
    private let source: any ForeignSource
    private let log: Log

    package init(_ own: any Store, _ foreign: ForeignAccounts, source: any ForeignSource, log: Log) {
        self.own = own
        self.foreign = foreign
        self.source = source
        self.log = log
    }

    package var accounts: any Accounts { foreign }
    package var imports: any AccountImports { NoImports() }
    package var records: any AccountRecords { NoRecords(own: own.records) }
    package var requests: any ResetRequests { own.requests }
    package var outbox: any Outbox { own.outbox }
    package var operations: any OutboxOperations { own.operations }
    package var webhooks: any Webhooks { own.webhooks }
    package var auditLog: any AuditLog { own.auditLog }
    package var foreignRecords: (any ForeignRecords)? { own.foreignRecords }
    package var newlyApplied: [String] { own.newlyApplied }
    package var writeProblem: String? { own.writeProblem }

    package func watchWrites(sleep: @escaping @Sendable (Duration) async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await own.watchWrites(sleep: sleep) }
            group.addTask {
                while !Task.isCancelled {
                    await recover()
                    await sleep(Self.recoveryInterval)
                }
            }
            await group.waitForAll()
        }
    }

    package func takeBackLeases(at now: Timestamp) async throws(StorageFailed) {
        try await own.takeBackLeases(at: now)
        await recover()
    }

    /// The app's database may be away: then the next round finds the same intents.
    private func recover() async {
        do {
            let count = try await foreign.recoverAll()
            if count > 0 { log.notice("ended changes of accounts that were left open", metadata: ["rows": "\(count)"]) }
        } catch {
            log.warning(
                "could not end changes of accounts that were left open",
                metadata: ["code": "\(error.code)", "reason": "\(error.reason)"])
        }
    }

    package func revokeAllLinks(with consequences: Consequences, at now: Timestamp) async throws(StorageFailed) {
        try await own.revokeAllLinks(with: consequences, at: now)
    }

    package func close() {
        own.close()
        source.close()
    }
}

/// Accounts are made by the app.
private struct NoImports: AccountImports {
    private static let refused = ForeignAccounts.refused("accounts are made by the app, not imported")

    func expectManyUsers() async throws(StorageFailed) { throw Self.refused }
    func addAll(_ users: [ImportedUser], at now: Timestamp) async throws(StorageFailed) -> [Imported] {
        throw Self.refused
    }
    func compareAll(_ users: [ImportedUser]) async throws(StorageFailed) -> [Imported] { throw Self.refused }
    func updateAll(_ users: [ImportedUser], dryRun: Bool, at now: Timestamp) async throws(StorageFailed) -> [Imported] {
        throw Self.refused
    }
    func twins(limit: Int) async throws(StorageFailed) -> [AddressTwins] { [] }
}

/// Accounts are written by the app; what our own store keeps about them is read as ever.
private struct NoRecords: AccountRecords {
    let own: any AccountRecords
    private static let refused = ForeignAccounts.refused("the app changes its accounts itself")

    func user(externalID: ExternalID) async throws(StorageFailed) -> User? { throw Self.refused }
    func edit(_ edits: [AccountEdit], at now: Timestamp) async throws(StorageFailed) -> [EditOutcome] {
        throw Self.refused
    }
    func erase(_ old: Credentials, auditedAs pseudonym: UserID, with consequences: Consequences, at now: Timestamp)
        async throws(StorageFailed) -> Bool
    { throw Self.refused }
    func noticesWaiting(of user: UserID) async throws(StorageFailed) -> Int { try await own.noticesWaiting(of: user) }
    func removeTraces() async throws(StorageFailed) -> ErasureTraces { try await own.removeTraces() }
}
