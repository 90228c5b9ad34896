/// Elements in the order in which they became idle. Every step takes the same time, however many there are.
import Sockets

/// A list whose links are places in an array: an element that comes and goes with every request costs no counted reference more than itself.
struct IdleOrder<Element> {
    private static var nowhere: Int { -1 }

    private struct Node {
        var element: Element?
        var since: Deadline
        var previous: Int
        var next: Int
    }

    private var nodes: [Node] = []
    private var free: [Int] = []
    private var first = nowhere
    private var last = nowhere

    var isEmpty: Bool { first == Self.nowhere }
    /// The one that has been idle for longest, and since when.
    var longest: Element? { isEmpty ? nil : nodes[first].element }
    var longestSince: Deadline? { isEmpty ? nil : nodes[first].since }

    /// - Parameter since: not before any that was appended earlier.
    /// - Returns: where it is, for ``remove(at:)``.
    mutating func append(_ element: Element, since: Deadline) -> Int {
        let node = Node(element: element, since: since, previous: last, next: Self.nowhere)
        let place: Int
        if let freed = free.popLast() {
            place = freed
            nodes[place] = node
        } else {
            place = nodes.count
            nodes.append(node)
        }
        if last == Self.nowhere { first = place } else { nodes[last].next = place }
        last = place
        return place
    }

    /// Once for each ``append(_:since:)``.
    /// - Returns: whether it was the one that had been idle for longest.
    @discardableResult
    mutating func remove(at place: Int) -> Bool {
        let (previous, next) = (nodes[place].previous, nodes[place].next)
        nodes[place].element = nil
        if previous == Self.nowhere { first = next } else { nodes[previous].next = next }
        if next == Self.nowhere { last = previous } else { nodes[next].previous = previous }
        free.append(place)
        return previous == Self.nowhere
    }
}
