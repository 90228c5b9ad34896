/// When the wheel looks at what lies in it.
import Testing

@testable import Sockets

@Suite struct `A wheel of deadlines` {
    /// One round is 4096 ticks of 4 ms; a deadline beyond it lies in the farthest slot and is put back when that comes round.
    @Test(arguments: 4093...4099) func `puts back what is not due yet, however late it looks`(ticks: Int) {
        let start = Deadline.now
        var wheel = TimerWheel(now: start)
        let entries = (0..<3).map { _ in Timed() }
        for entry in entries { wheel.arm(entry, at: start + .seconds(40)) }
        #expect(wheel.advance(to: start + .milliseconds(4 * ticks)).isEmpty)
        #expect(wheel.advance(to: start + .milliseconds(4 * ticks * 2)).isEmpty)
        #expect(wheel.advance(to: start + .seconds(40)).count == 3)
        #expect(wheel.wait(from: start + .seconds(40)) == -1)
    }
}
