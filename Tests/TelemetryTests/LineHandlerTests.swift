import Logging
import Synchronization
import Telemetry
import Testing

@Suite struct `A log line` {
    final class Lines: Sendable {
        let all = Mutex<[String]>([])
        func logger(_ format: LineHandler.Format) -> Logger {
            Logger(label: "test") { _ in
                LineHandler(format: format, from: LogThreshold(.info)) { line in self.all.withLock { $0.append(line) } }
            }
        }
    }

    @Test func `keeps hostile values on one line`() {
        let lines = Lines()
        lines.logger(.logfmt).info("refused", metadata: ["b": "x\r\nlevel=error \u{1B}[31m\u{202E}", "a": "plain"])
        let line = lines.all.withLock { $0[0] }
        #expect(line.hasSuffix(#"level=info event=refused a=plain b="x\u000d\nlevel=error \u001b[31m\u202e""# + "\n"))
    }

    @Test(arguments: LineHandler.Format.allCases)
    func `shows nothing that a terminal obeys or a reader cannot see`(format: LineHandler.Format) {
        let lines = Lines()
        lines.logger(format).info("refused", metadata: ["a": "\u{85}\u{9B}\u{2028}\u{200B}\u{2067}\u{E0041}\u{7F}é語"])
        let line = lines.all.withLock { $0[0] }
        #expect(line.contains(#""\u0085\u009b\u2028\u200b\u2067\udb40\udc41\u007fé語""#), "\(line)")
    }

    @Test func `is a JSON object where that is asked for`() {
        let lines = Lines()
        lines.logger(.json).warning("slow \"disk\"", metadata: ["ms": "12"])
        let line = lines.all.withLock { $0[0] }
        #expect(line.hasPrefix(#"{"time":""#))
        #expect(line.hasSuffix(#"","level":"warning","event":"slow \"disk\"","ms":"12"}"# + "\n"))
    }

    @Test func `below the level is not written`() {
        let lines = Lines()
        lines.logger(.logfmt).debug("nothing")
        #expect(lines.all.withLock { $0.isEmpty })
    }

    @Test func `below a level that changes is written once the level is low enough`() {
        let (lines, threshold) = (Lines(), LogThreshold(.warning))
        let log = Logger(label: "test") { _ in
            LineHandler(format: .logfmt, from: threshold) { line in lines.all.withLock { $0.append(line) } }
        }
        log.info("before")
        threshold.level = .info
        log.info("after")
        #expect(lines.all.withLock { $0.map { $0.contains("event=after") } } == [true])
    }
}
