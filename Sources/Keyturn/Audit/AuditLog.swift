/// Where it is written down what happened to accounts. Changes of an account are not written through this: ``Accounts`` writes them,
/// in the transaction that makes them.
package protocol AuditLog: Sendable {
    /// Written soon, together with others. Never waits and never fails: what comes while too much waits already is counted and left out.
    func note(_ line: AuditLine)
    /// As ``note(_:)``, of a request that only read: causes no write of its own, and is written when the store writes anyway.
    func noteRead(_ line: AuditLine)
    /// On disk (synced) when it returns.
    func record(_ line: AuditLine) async throws(StorageFailed)
    /// Writes what is noted, and removes what is too old or too much, until the task is cancelled; then writes what still waits. To be
    /// run once.
    func run(clock: WallClock, sleep: @escaping @Sendable (Duration) async -> Void) async
    /// What is known of one account, its requests and letters too, newest first.
    func trail(of user: UserID, limit: Int) async throws(StorageFailed) -> [AuditEntry]
}
