import Foundation
import Keyturn

extension WallClock {
    /// The machine's clock: the only place that reads it for the rooms.
    static let system = WallClock { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
}

extension Timestamp {
    /// RFC 3339 in UTC, whole seconds.
    var rfc3339: String { Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601) }
}
