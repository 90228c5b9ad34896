/// Tells whoever delivers that something was recorded.

/// Several announcements that nobody has heard yet are one.
struct Arrivals: Sendable {
    let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1)) }

    func announce() { continuation.yield() }

    /// Nothing will arrive any more: whoever listens stops.
    func finish() { continuation.finish() }
}
