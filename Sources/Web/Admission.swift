import HTTP
import Keyturn

/// How often one client may post.
struct Admission: Sendable {
    private let limiter: RateLimiter

    init(_ limiter: RateLimiter) { self.limiter = limiter }

    func admit(_ visit: Visit) throws(Problem) {
        if let wait = limiter.admit(visit.client.counted, at: visit.now) { throw .rateLimited(retryAfter: wait) }
    }
}
