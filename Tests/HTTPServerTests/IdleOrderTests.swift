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
                let longest = order.remove(at: model.remove(at: index).place)
                #expect(longest == (index == 0 ? .some(model.first?.since) : nil))
            } else {
                let since = noon + .milliseconds(step)
                let (place, isOnly) = order.append(step, since: since)
                #expect(isOnly == model.isEmpty)
                model.append((step, since, place))
            }
            #expect(order.longest == model.first?.element)
            #expect(order.longestSince == model.first?.since)
            #expect(order.isEmpty == model.isEmpty)
        }
    }
}
