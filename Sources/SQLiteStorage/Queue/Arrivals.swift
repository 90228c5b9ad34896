/// Tells whoever delivers that something was recorded.
import Synchronization

/// Several announcements that nobody has heard yet are one.
final class Arrivals: Sendable {
    let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    /// Announced, and nobody has looked since: another word would wake nobody, and costs more than this question.
    private let isAnnounced = Atomic(false)

    init() { (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1)) }

    /// After what arrived can be seen.
    func announce() {
        if isAnnounced.exchange(true, ordering: .sequentiallyConsistent) { return }
        continuation.yield()
    }

    /// Before looking for what arrived.
    func heard() { isAnnounced.store(false, ordering: .sequentiallyConsistent) }

    /// Nothing will arrive any more: whoever listens stops.
    func finish() { continuation.finish() }
}
