/// Where accounts, queues and the audit log live. Every implementation passes one shared suite; none of them knows a rule: what follows
/// from a change is decided here, as ``Consequences``.
package protocol Store: Sendable {
    var accounts: any Accounts { get }
    var requests: any ResetRequests { get }
    var outbox: any Outbox { get }
    var operations: any OutboxOperations { get }
    var webhooks: any Webhooks { get }
    var auditLog: any AuditLog { get }
    /// To be called by a process that delivers, before its first lease: leases of processes that have ended are due at once, as far as
    /// the store can tell, and so is what was recorded by a clock that has been set back since.
    /// - Throws: if the process cannot be seen by others; then nothing may be leased.
    func takeBackLeases(at now: Timestamp) async throws(StorageFailed)
    /// Ends every open link of every account: the store's epoch base becomes higher than every epoch that was used.
    func revokeAllLinks(at now: Timestamp) async throws(StorageFailed)
    /// Commits what waits and closes. Changes after this are refused. Blocks the thread.
    func close()
}
