import Telemetry
import Testing

@Suite struct `The trace a request belongs to` {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let parent = "00f067aa0ba902b7"

    @Test(arguments: [
        "00-\(trace)-\(parent)-01", "00-\(trace)-\(parent)-00", "01-\(trace)-\(parent)-01",
        "cc-\(trace)-\(parent)-01-what-comes-later",
    ])
    func `is read`(field: String) throws {
        let read = try #require(TraceParent(field))
        #expect(read.traceID == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(read.parentID == "00f067aa0ba902b7")
    }

    @Test(arguments: [
        "", "00", "00-\(trace)-\(parent)", "00-\(trace)-\(parent)-1", "00-\(trace)-\(parent)-01-more",
        "ff-\(trace)-\(parent)-01", "00-\(trace.uppercased())-\(parent)-01", "00-\(trace)-\(parent)-0x",
        "00-00000000000000000000000000000000-\(parent)-01", "00-\(trace)-0000000000000000-01",
        "00_\(trace)_\(parent)_01", "00-\(trace)-\(parent)-01 ", "01-\(trace)-\(parent)-01.",
        "é0-\(trace)-\(parent)-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473\n-\(parent)-01",
    ])
    func `is nothing where it is not written as it must be`(field: String) {
        #expect(TraceParent(field) == nil)
    }
}
