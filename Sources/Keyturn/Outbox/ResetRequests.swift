/// Takes reset requests. The handler of the form holds this and nothing wider, so it cannot look an account up: it does the same for
/// every address.
package protocol ResetRequests: Sendable {
    /// Returns when the request is on disk (synced): it survives `kill -9` the moment after. Only appends: no other row is looked at,
    /// so the time it takes says nothing about the address.
    func record(_ request: ResetRequest, at now: Timestamp) async throws(OutboxRefused)
}

/// Why a request was not recorded. Neither says anything about the address.
package enum OutboxRefused: Error, Equatable { case full(capacity: Int), storage(StorageFailed) }
