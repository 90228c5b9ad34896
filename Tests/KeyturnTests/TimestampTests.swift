/// Moments at the ends of the range, where arithmetic would trap.
import Keyturn
import Testing

@Suite struct `A moment` {
    @Test(arguments: [(0, 0), (999, 0), (1000, 1), (-1, -1), (-1000, -1), (-1001, -2)] as [(Int64, Int64)])
    func `is rounded down to whole seconds`(milliseconds: Int64, seconds: Int64) {
        #expect(Timestamp(milliseconds: milliseconds).seconds == seconds)
    }

    @Test func `saturates instead of trapping`() {
        let last = Timestamp(milliseconds: .max), first = Timestamp(milliseconds: .min)
        #expect(Timestamp(seconds: .max) == last)
        #expect(Timestamp(seconds: .min) == first)
        #expect(last + .seconds(1) == last)
        #expect(first - .seconds(1) == first)
        #expect(last + .seconds(Int64.max) == last)
        #expect(first + .seconds(Int64.min) == first)
        #expect(first - .seconds(Int64.min) == Timestamp(milliseconds: 0))
        #expect(Timestamp(milliseconds: 0) - .seconds(Int64.min) == last)
        #expect(last - first == .milliseconds(Int64.max))
        #expect(first - last == .milliseconds(Int64.min))
        #expect(first.seconds == -9_223_372_036_854_776)
    }

    @Test func `moves by spans and is measured in them`() {
        let noon = Timestamp(seconds: 1_767_268_800)
        #expect(noon + .milliseconds(1500) == Timestamp(milliseconds: 1_767_268_801_500))
        #expect((noon + .seconds(90)) - noon == .seconds(90))
        #expect(noon - .seconds(1) < noon)
    }
}
