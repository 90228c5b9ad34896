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
    /// - Returns: where it is, for ``remove(at:)``, and whether it is the only one.
    mutating func append(_ element: Element, since: Deadline) -> (place: Int, isOnly: Bool) {
        let node = Node(element: element, since: since, previous: last, next: Self.nowhere)
        let place: Int
        if let freed = free.popLast() {
            place = freed
            nodes[place] = node
        } else {
            place = nodes.count
            nodes.append(node)
        }
        let isOnly = last == Self.nowhere
        if isOnly { first = place } else { nodes[last].next = place }
        last = place
        return (place, isOnly)
    }

    /// Once for each ``append(_:since:)``.
    /// - Returns: since when the longest idle one is now (nil in it: none is), if that was another before; else nil.
    @discardableResult
    mutating func remove(at place: Int) -> Deadline?? {
        let (previous, next) = (nodes[place].previous, nodes[place].next)
        nodes[place].element = nil
        if previous == Self.nowhere { first = next } else { nodes[previous].next = next }
        if next == Self.nowhere { last = previous } else { nodes[next].previous = previous }
        free.append(place)
        return previous == Self.nowhere ? .some(longestSince) : nil
    }
}
