import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Command

@Suite struct `The text of the metrics` {
    @Test func `is not made on the event loop that is asked for it`() async {
        let (loop, metrics) = (MarkedExecutor(), Metrics())
        metrics.onRead("on_loop", help: "Whether the number is read on the loop.") { loop.isCurrent ? 1 : 0 }
        let gaugesOnLoop = Mutex<Bool?>(nil)
        let page = MetricsPage(metrics) { gaugesOnLoop.withLock { $0 = loop.isCurrent } }
        let (wasOnLoop, text) = await loop.run {
            let isOnLoop = loop.isCurrent
            return (isOnLoop, String(decoding: await page.bytes(), as: UTF8.self))
        }
        #expect(wasOnLoop)
        #expect(text.contains("on_loop 0.0\n"))
        #expect(gaugesOnLoop.withLock { $0 } == false)
    }

    @Test func `is made once for all who ask at the same time, and anew for the next`() async {
        let metrics = Metrics(), made = metrics.counter("made", help: "How often it was made.")
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let page = MetricsPage(metrics) {
            made.add()
            for await _ in gate {}
        }
        await withTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<50 { group.addTask { await page.bytes() } }
            while made.current == 0 { await Task.yield() }
            for _ in 0..<1000 { await Task.yield() }
            open.finish()
            for await text in group { #expect(String(decoding: text, as: UTF8.self).contains("made 1\n")) }
        }
        #expect(String(decoding: await page.bytes(), as: UTF8.self).contains("made 2\n"))
    }
}
