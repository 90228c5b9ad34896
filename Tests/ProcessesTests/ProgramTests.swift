import Foundation
import Processes
import Testing

@Suite struct `A program that is handed a text` {
    private func run(
        _ path: String, _ arguments: String..., input: String = "", limit: Duration = .seconds(60),
        keeping bytes: Int = 256
    ) async -> Program.End {
        await Program(path: path, limit: limit, saidBytesMax: bytes).run(arguments, input: Array(input.utf8))
    }

    @Test func `reads it from its standard input, whole, and its words are kept`() async {
        let text = String(repeating: "0123456789\n", count: 100_000)
        let end = await run("/bin/sh", "-c", "wc -c >&2; exit 7", input: text)
        #expect(end == .exited(status: 7, said: Array("1100000\n".utf8)))
    }

    @Test func `gets its arguments as they are: no shell reads them`() async {
        let end = await run("/usr/bin/printf", "%s|", "$HOME", "a b", "; exit 3", "-x")
        // printf writes to standard output, which is thrown away.
        #expect(end == .exited(status: 0, said: []))
        let shown = await run("/bin/sh", "-c", "printf '%s|' \"$@\" >&2", "sh", "$HOME", "a b", "`id`", "")
        #expect(shown == .exited(status: 0, said: Array("$HOME|a b|`id`||".utf8)))
    }

    @Test func `has PATH in its environment and nothing else`() async throws {
        guard
            case .exited(0, let said) = await run(
                "/bin/sh", "-c", "/usr/bin/env -u PWD -u SHLVL -u _ >&2", keeping: 4096)
        else {
            Issue.record("env did not run")
            return
        }
        let names = String(decoding: said, as: UTF8.self).split(separator: "\n").map { $0.prefix { $0 != "=" } }
        #expect(names == ["PATH"])
    }

    @Test func `has no descriptor but the three it needs`() async throws {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/dev/zero"))
        defer { try? file.close() }
        guard
            case .exited(0, let said) = await run(
                "/bin/sh", "-c", "for n in /proc/$$/fd/*; do [ ! -e $n ] || echo ${n##*/} >&2; done")
        else {
            Issue.record("sh did not run")
            return
        }
        // 10 and above are the shell's own.
        #expect(
            String(decoding: said, as: UTF8.self).split(separator: "\n").filter { $0.count == 1 } == ["0", "1", "2"])
    }

    @Test func `dies of signals that we ignore`() async {
        #expect(await run("/bin/sh", "-c", "kill -PIPE $$") == .killed(signal: 13, tookAll: true, said: []))
    }

    @Test func `is ended with all that it started when its time is over`() async throws {
        let mark = FileManager.default.temporaryDirectory.appendingPathComponent("keyturn-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: mark) }
        let end = await run(
            "/bin/sh", "-c", "echo begun >&2; (sleep 4; touch \(mark)) & sleep 600", input: "x",
            limit: .milliseconds(500))
        #expect(end == .cutOff(tookAll: true, said: Array("begun\n".utf8)))
        try await Task.sleep(for: .seconds(5))
        #expect(!FileManager.default.fileExists(atPath: mark))
    }

    @Test func `is known not to have taken a text that it did not read`() async {
        let text = String(repeating: "x", count: 1_000_000)
        #expect(
            await run("/bin/sleep", "600", input: text, limit: .milliseconds(300)) == .cutOff(tookAll: false, said: []))
        // It ended without reading: an error of one write, and no end of ours.
        #expect(await run("/bin/true", input: text) == .exited(status: 0, said: []))
    }

    @Test func `is ended when nobody waits for it any more`() async {
        let running = Task { await run("/bin/sleep", "600") }
        running.cancel()
        #expect(await running.value == .cutOff(tookAll: true, said: []))
    }

    @Test func `is heard for so many bytes, however much it says`() async {
        let end = await run("/bin/sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x >&2")
        #expect(end == .exited(status: 0, said: Array(repeating: UInt8(ascii: "x"), count: 256)))
    }

    @Test func `that is not there is not started`() async {
        #expect(await run("/nonexistent/sendmail") == .notStarted(errno: ENOENT))
        #expect(await run("/etc/passwd") == .notStarted(errno: EACCES))
    }

    @Test func `leaves no descriptor and no process behind`() async throws {
        func open() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
        _ = await run("/bin/true")
        let before = try open()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<40 { group.addTask { _ = await run("/bin/sh", "-c", "cat >/dev/null; exit 1", input: "x") } }
        }
        // Other tests run beside this one.
        #expect(try open() < before + 40)
    }
}
