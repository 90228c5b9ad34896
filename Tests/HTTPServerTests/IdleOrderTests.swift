/// The order in which connections became idle.
import Sockets
import Testing

@testable import HTTPServer

@Suite struct `The order of idleness` {
    @Test func `gives the longest idle one, whatever came and went between`() {
        var generator = SystemRandomNumberGenerator()
        var order = IdleOrder<Int>()
        var model: [(element: Int, since: Deadline, place: Int)] = []
        let noon = Deadline.now
        for step in 0..<5000 {
            if Bool.random(using: &generator), !model.isEmpty {
                let index = Int.random(in: 0..<model.count, using: &generator)
                let isLongest = order.remove(at: model.remove(at: index).place)
                #expect(isLongest == (index == 0))
            } else {
                let since = noon + .milliseconds(step)
                model.append((step, since, order.append(step, since: since)))
            }
            #expect(order.longest == model.first?.element)
            #expect(order.longestSince == model.first?.since)
            #expect(order.isEmpty == model.isEmpty)
        }
    }
}
