/// Tells the worker that a row was recorded.
import Synchronization

/// Several announcements before the worker reads them are one.
final class Arrivals: Sendable {
    let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    /// Announced, and not read since: another announcement would change nothing, and costs more than this check.
    private let isAnnounced = Atomic(false)

    init() { (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1)) }

    /// After what arrived can be seen.
    func announce() {
        if isAnnounced.exchange(true, ordering: .sequentiallyConsistent) { return }
        continuation.yield()
    }

    /// Before looking for what arrived.
    func heard() { isAnnounced.store(false, ordering: .sequentiallyConsistent) }

    /// Nothing will arrive any more: the listener stops.
    func finish() { continuation.finish() }
}
