/// Where accounts, queues and the audit log live. Every implementation passes one shared suite; none of them knows a rule: what follows
/// from a change is decided here, as ``Consequences``.
package protocol Store: Sendable {
    var accounts: any Accounts { get }
    var imports: any AccountImports { get }
    var records: any AccountRecords { get }
    var requests: any ResetRequests { get }
    var outbox: any Outbox { get }
    var operations: any OutboxOperations { get }
    var webhooks: any Webhooks { get }
    var auditLog: any AuditLog { get }
    /// What is kept about accounts that live elsewhere; nil if this store cannot stand beside them.
    var foreignRecords: (any ForeignRecords)? { get }
    /// Names of the migrations that this opening applied.
    var newlyApplied: [String] { get }
    /// For `/readyz`: why the store cannot be written to, or nil if it can. Reads memory only.
    var writeProblem: String? { get }
    /// Finds out whether the store can be written to while nothing else is written, and writes what ``AuditLog/noteRead(_:)`` left. Until
    /// the task is cancelled; to be run once.
    func watchWrites(sleep: @escaping @Sendable (Duration) async -> Void) async
    /// To be called by a process that delivers, before its first lease: leases of processes that have ended are due at once, as far as
    /// the store can tell, and so is what was recorded by a clock that has been set back since.
    /// - Throws: if the process cannot be seen by others; then nothing may be leased.
    func takeBackLeases(at now: Timestamp) async throws(StorageFailed)
    /// Ends every open link of every account: the store's epoch base becomes higher than every epoch that was used.
    /// Requests that wait stay: their links are signed later, and work. On disk (synced) when it returns.
    func revokeAllLinks(with consequences: Consequences, at now: Timestamp) async throws(StorageFailed)
    /// Commits what waits and closes. Changes after this are refused. Blocks the thread.
    func close()
}

extension Store {
    /// Ends every open link of every account. Audited without an account; the app is told of no account.
    package func revokeAllLinks(at now: Timestamp) async throws(StorageFailed) {
        let line = AuditLine(.linksRevoked, of: nil, by: .operator, at: now)
        try await revokeAllLinks(with: Consequences(audit: [line]), at: now)
    }
}
