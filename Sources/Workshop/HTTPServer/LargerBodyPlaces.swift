/// Who may send a larger body now.
import Sockets

/// A value: it is told who asks and when. At most ``HTTPServerLimits/largerBodiesAtOnce`` places, so a list is searched.
struct LargerBodyPlaces {
    struct Ticket: Equatable, Sendable { fileprivate let number: UInt64 }

    private struct Holder {
        let ticket: Ticket
        let client: Client
        let since: Deadline
        let giveWay: @Sendable (Ticket) -> Void
    }

    private let countMax: Int
    private let perClientMax: Int
    private let ownTime: Duration
    /// In the order in which they came.
    private var holders: [Holder] = []
    private var tickets: UInt64 = 0

    init(_ limits: HTTPServerLimits) {
        countMax = limits.largerBodiesAtOnce
        perClientMax = limits.largerBodiesPerClient
        ownTime = limits.largerBodyOwnTime
    }

    /// If there is no place left, for all or for this client, the oldest gives way once its own time is over: otherwise a few that trickle
    /// would keep all others out.
    /// - Returns: the ticket, nil if there is no place; and what to call, outside of any lock, if another has lost its place.
    mutating func take(
        for client: Client, at now: Deadline, giveWay: @escaping @Sendable (Ticket) -> Void
    ) -> (ticket: Ticket?, displaced: (@Sendable () -> Void)?) {
        var displaced: Holder?
        let isOneTooMany = client.isCounted && holders.count { $0.client == client } >= perClientMax
        if isOneTooMany || holders.count >= countMax {
            guard let oldest = holders.firstIndex(where: { !isOneTooMany || $0.client == client }),
                now - holders[oldest].since >= ownTime
            else { return (nil, nil) }
            displaced = holders.remove(at: oldest)
        }
        tickets += 1
        let ticket = Ticket(number: tickets)
        holders.append(Holder(ticket: ticket, client: client, since: now, giveWay: giveWay))
        guard let loser = displaced else { return (ticket, nil) }
        return (ticket, { loser.giveWay(loser.ticket) })
    }

    mutating func giveBack(_ ticket: Ticket) { holders.removeAll { $0.ticket == ticket } }
}
