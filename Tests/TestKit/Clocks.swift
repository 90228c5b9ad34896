/// A clock that stands until a test moves it.
package import Keyturn
import Synchronization

package final class SettableClock: Sendable {
    private let moment: Mutex<Timestamp>

    package init(at moment: Timestamp = .noon) { self.moment = Mutex(moment) }

    package var now: Timestamp { moment.withLock { $0 } }

    /// What the code under test is handed.
    package var wall: WallClock { WallClock { self.now } }

    package func set(to new: Timestamp) { moment.withLock { $0 = new } }

    package func advance(by span: Duration) { moment.withLock { $0 = $0 + span } }
}

extension Timestamp {
    /// 2026-01-01T12:00:00Z.
    package static let noon = Timestamp(seconds: 1_767_268_800)
    /// 2020-01-01T00:00:00Z, before anything in the tests happens.
    package static let longAgo = Timestamp(seconds: 1_577_836_800)
}
