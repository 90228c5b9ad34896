/// A reset request as it was recorded. Its address was not looked up yet.
package struct IntakeEntry: Sendable, Equatable {
    /// Grows with every request and is never used again.
    package let id: Int64
    package let request: ResetRequest
    package let recordedAt: Timestamp

    package init(id: Int64, request: ResetRequest, recordedAt: Timestamp) {
        self.id = id
        self.request = request
        self.recordedAt = recordedAt
    }
}

/// All requests of one address that were found in intake together: they become one message.
package struct JoinedRequests: Sendable, Equatable {
    /// The newest one: its spelling, language and device count.
    package var request: ResetRequest
    /// When the oldest one was recorded.
    package let recordedAt: Timestamp
    package var count: Int

    package init(_ request: ResetRequest, recordedAt: Timestamp, count: Int = 1) {
        self.request = request
        self.recordedAt = recordedAt
        self.count = count
    }

    /// - Parameter entries: in the order of their ids.
    /// - Returns: one element a spelling of an address, in the order in which they came: two accounts may have one address, spelled
    ///   differently.
    package static func joining(_ entries: [IntakeEntry]) -> [JoinedRequests] {
        var places: [EmailAddress: [Int]] = [:]
        var joined: [JoinedRequests] = []
        for entry in entries {
            let email = entry.request.email
            if let place = places[email]?.first(where: { joined[$0].request.email.isSpelled(like: email) }) {
                joined[place].request = entry.request
                joined[place].count += 1
            } else {
                places[email, default: []].append(joined.count)
                joined.append(JoinedRequests(entry.request, recordedAt: entry.recordedAt))
            }
        }
        return joined
    }
}
