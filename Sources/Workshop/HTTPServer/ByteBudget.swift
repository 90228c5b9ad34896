/// Memory that clients may fill, bounded over all of them and for each.
import Synchronization

/// From any thread.
final class ByteBudget: Sendable {
    /// The part of all that one client may fill, so that the others find room.
    static let partOfOneClient = 2

    private struct Held {
        var bytes = 0
        var perClient: [Client: Int] = [:]
    }

    private let bytesMax: Int
    private let held = Mutex(Held())

    init(bytes: Int) { bytesMax = bytes }

    /// - Returns: false where there is no room for so many more; then nothing has changed.
    func take(_ bytes: Int, for client: Client) -> Bool {
        held.withLock { held in
            guard bytes <= bytesMax - held.bytes else { return false }
            if client.isCounted {
                let ofClient = held.perClient[client] ?? 0
                guard bytes <= bytesMax / Self.partOfOneClient - ofClient else { return false }
                held.perClient[client] = ofClient + bytes
            }
            held.bytes += bytes
            return true
        }
    }

    /// What was taken before.
    func giveBack(_ bytes: Int, of client: Client) {
        held.withLock { held in
            held.bytes -= bytes
            guard client.isCounted, let ofClient = held.perClient[client] else { return }
            held.perClient[client] = ofClient > bytes ? ofClient - bytes : nil
        }
    }

    var bytes: Int { held.withLock(\.bytes) }
}
