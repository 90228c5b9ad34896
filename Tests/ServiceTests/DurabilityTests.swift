import Foundation
import TestKit
import Testing

@Suite struct `A promise` {
    /// Counts the calls that make the disk keep its word, as the kernel sees them.
    @Test(
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/strace"), "strace counts the system calls"))
    func `is synced to the disk before it is given`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let trace = directory.appending(path: "trace")
        let keyturn = try await RunningKeyturn.serve(
            in: directory,
            under: ["/usr/bin/strace", "-D", "-f", "-q", "-e", "trace=fdatasync,fsync", "-o", trace.path])
        func syncs() throws -> Int {
            try String(contentsOf: trace, encoding: .utf8).components(separatedBy: "\n").count { $0.contains("sync(") }
        }
        let before = try syncs()
        for index in 0..<20 {
            let answer = try await keyturn.visitor.post(
                "/forgot-password", json: #"{"email": "somebody-\#(index)@example.com"}"#)
            #expect(answer.status == 202)
        }
        // One after the other, so none can share a commit with the next.
        #expect(try syncs() - before >= 20)
        await keyturn.stop()
    }
}
