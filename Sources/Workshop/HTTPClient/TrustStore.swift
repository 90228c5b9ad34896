/// The certificates to trust, read when they are first needed.

internal import Synchronization
internal import TLS

/// Makes the context of TLS once, away from the loops, for all who ask at the same time. A failure is not kept:
/// a file that is mended is read at the next attempt.
final class TrustStore: Sendable {
    private typealias Making = Task<Result<TLSClientContext, TLSFailed>, Never>

    private let trust: Trust
    private let making = Mutex<Making?>(nil)

    init(_ trust: Trust) { self.trust = trust }

    func context() async throws(TLSFailed) -> TLSClientContext {
        let current = making.withLock { making in
            if let making { return making }
            // Detached: reading the system's store would hold the loop up for some 20 ms.
            let started = Making.detached { [trust] in
                Result { () throws(TLSFailed) in try TLSClientContext(trust: trust) }
            }
            making = started
            return started
        }
        let result = await current.value
        if case .failure = result { making.withLock { if $0 == current { $0 = nil } } }
        return try result.get()
    }
}
