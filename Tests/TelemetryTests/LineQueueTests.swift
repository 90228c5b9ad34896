import Foundation
import Synchronization
import Telemetry
import Testing

@Suite struct `A queue of lines` {
    /// Both ends of a pipe. They stay open: the thread of a queue writes for as long as the process lives.
    private struct Pipe {
        let (readEnd, writeEnd): (Int32, Int32)

        init() throws {
            var ends: [Int32] = [0, 0]
            try #require(pipe(&ends) == 0)
            (readEnd, writeEnd) = (ends[0], ends[1])
        }

        func read(upTo count: Int) -> [UInt8] {
            var buffer = [UInt8](repeating: 0, count: count)
            return Array(buffer[..<max(0, Foundation.read(readEnd, &buffer, count))])
        }
    }

    /// A number, blanks, an end: 100 bytes.
    private func line(_ number: Int) -> String {
        let text = "\(number)"
        return text + String(repeating: " ", count: 99 - text.utf8.count) + "\n"
    }

    @Test func `takes lines at once while nothing reads them, and drops what is over its bytes`() throws {
        let pipe = try Pipe()
        let queue = LineQueue(to: pipe.writeEnd)
        let count = 30_000
        let start = ContinuousClock.now
        for number in 0..<count { queue.append(line(number)) }
        // 3 MB, of which the pipe itself takes 64 KiB: a queue that waits would wait for ever.
        #expect(ContinuousClock.now - start < .seconds(5))
        let dropped = Int(queue.lostLines)
        #expect(count - dropped >= LineQueue.bytesMax / 100)
        #expect((count - dropped) * 100 <= LineQueue.bytesMax + (1 << 17))

        var read: [UInt8] = []
        while read.count < (count - dropped) * 100 { read += pipe.read(upTo: 65_536) }
        let numbers = read.split(separator: 0x0A).map { line in
            Int(String(decoding: line.prefix { $0 != 0x20 }, as: UTF8.self)) ?? -1
        }
        // Whole lines, in their order, none twice.
        #expect(numbers.count == count - dropped)
        #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 } && !numbers.contains(-1))

        // The reader is back: nothing is dropped any more.
        queue.append("again\n")
        #expect(pipe.read(upTo: 100) == Array("again\n".utf8))
        #expect(Int(queue.lostLines) == dropped)
    }

    @Test func `is flushed at the end, and waits no longer than it may for a reader that stands still`() throws {
        let pipe = try Pipe()
        let queue = LineQueue(to: pipe.writeEnd)
        queue.append("one\n")
        queue.append("two\n")
        queue.flush(within: .seconds(20))
        #expect(pipe.read(upTo: 100) == Array("one\ntwo\n".utf8))

        for number in 0..<2000 { queue.append(line(number)) }
        let start = ContinuousClock.now
        queue.flush(within: .milliseconds(100))
        #expect(ContinuousClock.now - start >= .milliseconds(100))
        #expect(ContinuousClock.now - start < .seconds(10))
    }

    @Test func `counts what cannot be written, and says so once`() throws {
        let full = open("/dev/full", O_WRONLY)
        try #require(full >= 0)
        let queue = LineQueue(to: full)
        let told = Failures()
        queue.onFailure { errno in told.add(errno) }
        for _ in 0..<5 { queue.append("lost\n") }
        queue.flush(within: .seconds(20))
        for _ in 0..<2000 where queue.lostLines < 5 { usleep(1000) }
        #expect(queue.lostLines == 5)
        #expect(told.all == [ENOSPC])
    }

    @Test func `writes on where another process has made the descriptor non-blocking`() throws {
        let pipe = try Pipe()
        _ = fcntl(pipe.writeEnd, F_SETFL, fcntl(pipe.writeEnd, F_GETFL) | O_NONBLOCK)
        let queue = LineQueue(to: pipe.writeEnd)
        for number in 0..<5000 { queue.append(line(number)) }
        var count = 0
        while count < 500_000 { count += pipe.read(upTo: 65_536).count }
        #expect(count == 500_000)
        #expect(queue.lostLines == 0)
    }
}

private final class Failures: Sendable {
    private let errnos = Mutex<[Int32]>([])
    var all: [Int32] { errnos.withLock { $0 } }
    func add(_ errno: Int32) { errnos.withLock { $0.append(errno) } }
}
