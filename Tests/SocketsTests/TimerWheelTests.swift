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

    @Test func `passes over what is no longer waited for`() {
        let start = Deadline.now
        var wheel = TimerWheel(now: start)
        let entries = [Timed(), Timed()]
        for entry in entries { wheel.arm(entry, at: start + .milliseconds(40)) }
        entries[0].disarm()
        #expect(
            wheel.advance(to: start + .milliseconds(80)).map(ObjectIdentifier.init) == [ObjectIdentifier(entries[1])])
        #expect(wheel.wait(from: start + .milliseconds(80)) == -1)
    }

    /// Two deadlines at a time, in the same word of 64 slots, in neighbours, and on either side of the round's end.
    @Test(arguments: [0, 1, 62, 63, 64, 65, 2047, 4030, 4031, 4032, 4033, 4094, 4095])
    func `waits for the nearer of two, and then for the other`(ticksBefore: Int) {
        let start = Deadline.now
        let tick = Duration.milliseconds(4)
        for nearer in [1, 2, 5, 63, 64, 65, 127, 128, 2000, 4000] {
            for farther in [nearer + 1, nearer + 64, 4094] {
                var wheel = TimerWheel(now: start)
                let begin = start + tick * ticksBefore
                #expect(wheel.advance(to: begin).isEmpty)
                let entries = [Timed(), Timed()]
                wheel.arm(entries[0], at: begin + tick * farther)
                wheel.arm(entries[1], at: begin + tick * nearer)
                #expect(wheel.wait(from: begin) == Int32(4 * nearer), "\(nearer), \(farther)")
                #expect(wheel.advance(to: begin + tick * nearer).first === entries[1])
                #expect(
                    wheel.wait(from: begin + tick * nearer) == Int32(4 * (farther - nearer)), "\(nearer), \(farther)")
                wheel.remove(entries[0])
                #expect(wheel.wait(from: begin + tick * nearer) == -1)
            }
        }
    }
}
