import Foundation
import TestKit
import Testing

@Suite struct `Where the service listens` {
    private func curl(_ arguments: String...) async throws -> (status: Int32, output: String, errors: String) {
        try await curl(arguments)
    }

    private func curl(_ arguments: [String]) async throws -> (status: Int32, output: String, errors: String) {
        try await RunningKeyturn.run(
            ["-sS", "-m", "20"] + arguments, of: URL(filePath: "/usr/bin/curl"), environment: [:])
    }

    @Test func `may be a Unix socket, which is gone from its place when another takes it`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let path = directory.appending(path: "socket").path
        for _ in 0..<2 {
            let process = try await started(in: directory, ["KEYTURN_SERVER_UNIX_SOCKET": path]) {
                FileManager.default.fileExists(atPath: path)
            }
            let answer = try await answered { try await curl("--unix-socket", path, "http://localhost/healthz") }
            #expect(answer == #"{"status":"ok"}"#)
            process.terminate()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }
    }

    @Test func `speaks TLS with the certificate it was given, and with a new one after SIGHUP`() async throws {
        let first = try ServerIdentity()
        let second = try ServerIdentity()
        let directory = try RunningKeyturn.temporaryDirectory()
        let (certificate, key) = (directory.appending(path: "certificate.pem"), directory.appending(path: "key.pem"))
        func install(_ identity: ServerIdentity) throws {
            for (from, to) in [(identity.certificateFile, certificate), (identity.keyFile, key)] {
                try Data(contentsOf: URL(filePath: from)).write(to: to)
            }
        }
        try install(first)
        let keyturn = try await RunningKeyturn.serve(
            in: directory, ["KEYTURN_SERVER_TLS_CERTIFICATE": certificate.path, "KEYTURN_SERVER_TLS_KEY": key.path])
        #expect(keyturn.url.hasPrefix("https://127.0.0.1:"))
        #expect(try await curl("--cacert", first.authorityFile, keyturn.url + "/healthz").output == #"{"status":"ok"}"#)
        #expect(try await curl("--cacert", second.authorityFile, keyturn.url + "/healthz").status == 60)
        // The older version of TLS, and of its suites only the best.
        let older = ["--cacert", first.authorityFile, "--tls-max", "1.2", keyturn.url + "/healthz"]
        #expect(try await curl(older).output == #"{"status":"ok"}"#)
        for suite in [
            "ECDHE-ECDSA-AES256-SHA384", "ECDHE-RSA-AES256-SHA384", "AES256-GCM-SHA384", "DHE-RSA-AES256-GCM-SHA384",
        ] {
            #expect(try await curl(["--ciphers", suite] + older).status == 35)
        }

        try install(second)
        kill(keyturn.pid, SIGHUP)
        let answer = try await answered { try await curl("--cacert", second.authorityFile, keyturn.url + "/healthz") }
        #expect(answer == #"{"status":"ok"}"#)

        // What cannot be read changes nothing.
        try Data("no certificate".utf8).write(to: certificate)
        kill(keyturn.pid, SIGHUP)
        for _ in 0..<200 where !keyturn.log.contains("not reloaded") { try await Task.sleep(for: .milliseconds(50)) }
        #expect(keyturn.log.contains("server.tls.certificate"))
        #expect(
            try await curl("--cacert", second.authorityFile, keyturn.url + "/healthz").output == #"{"status":"ok"}"#)
        #expect(await keyturn.stop() == 0)
    }

    @Test func `answers a TLS client that ends without close_notify, and says its own end`() async throws {
        let identity = try ServerIdentity()
        let keyturn = try await RunningKeyturn.serve(
            in: try RunningKeyturn.temporaryDirectory(),
            [
                "KEYTURN_SERVER_TLS_CERTIFICATE": identity.certificateFile,
                "KEYTURN_SERVER_TLS_KEY": identity.keyFile,
            ])
        let port = try #require(URL(string: keyturn.url)?.port.flatMap { UInt16(exactly: $0) })
        // Answered at once, by a task, and not at all.
        for (sent, status) in [
            ("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n", "200"), ("GET /login HTTP/1.1\r\nHost: h\r\n\r\n", "200"),
            ("GET /healthz HTTP/1.1\r\nHost: h\r\n", "400"),
        ] {
            let answer = try #require(await OpenSSLClient.ask(sent, endingWithoutNotify: true, to: port))
            #expect(answer.text.hasPrefix("HTTP/1.1 \(status) "))
            #expect(answer.isEnded)
        }
        #expect(await keyturn.stop() == 0)
    }

    @Test func `leaves a Unix socket to the process that answers there, and exits`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let path = directory.appending(path: "socket").path
        let first = try await started(in: directory, ["KEYTURN_SERVER_UNIX_SOCKET": path]) {
            FileManager.default.fileExists(atPath: path)
        }
        let second = try await RunningKeyturn.run(
            ["serve"],
            environment: RunningKeyturn.environment(
                in: try RunningKeyturn.temporaryDirectory(), ["KEYTURN_SERVER_UNIX_SOCKET": path]))
        #expect(second.status == 1)
        #expect(second.errors.contains("server.unixSocket"))
        let answer = try await answered { try await curl("--unix-socket", path, "http://localhost/healthz") }
        #expect(answer == #"{"status":"ok"}"#)
        first.terminate()
        first.waitUntilExit()
        #expect(first.terminationStatus == 0)
    }

    @Test func `keeps descriptors for mails, though more clients come than there are descriptors`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let added = try await RunningKeyturn.run(
            ["user", "add", "ann@example.com"], environment: RunningKeyturn.environment(in: directory))
        #expect(added.status == 0, "\(added.errors)")
        let keyturn = try await RunningKeyturn.serve(
            in: directory, under: ["/usr/bin/prlimit", "--nofile=256:256"])
        #expect(keyturn.log.contains("fewer descriptors than connections"))
        let port = try #require(URL(string: keyturn.url)?.port.flatMap { UInt16(exactly: $0) })
        let body = #"{"email":"ann@example.com"}"#
        let head =
            "POST /forgot-password HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n"
        let asking = try connection(to: port)
        defer { close(asking) }
        // Not idle, so that its seat is nobody else's.
        #expect(send(asking, head, head.utf8.count, Int32(MSG_NOSIGNAL)) == head.utf8.count)
        var others: [Int32] = []
        defer { for other in others { close(other) } }
        // No more from one address than one client may have.
        for number in 0..<300 { others.append(try connection(to: port, from: 2 + UInt32(number) / 12)) }
        #expect(send(asking, body, body.utf8.count, Int32(MSG_NOSIGNAL)) == body.utf8.count)
        #expect(try await keyturn.mails(1, within: .seconds(8)).map(\.to) == ["ann@example.com"])
        #expect(await keyturn.stop() == 0)
    }

    /// - Parameter host: the last byte of the loopback address that it comes from.
    private func connection(to port: UInt16, from host: UInt32 = 1) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        func with(_ host: UInt32, _ port: UInt16, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) throws {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = (0x7F00_0000 + host).bigEndian
            let status = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    call($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            try #require(status == 0)
        }
        try with(host, 0) { bind(descriptor, $0, $1) }
        try with(1, port) { connect(descriptor, $0, $1) }
        return descriptor
    }

    @Test func `stays as it is after SIGHUP, but for what can be taken over, and says what cannot`() async throws {
        let directory = try RunningKeyturn.temporaryDirectory()
        let file = directory.appending(path: "config.json")
        func configure(_ text: String) throws { try Data(text.utf8).write(to: file) }
        try configure(#"{"log": {"level": "info"}, "outbox": {"capacity": 10}}"#)
        let keyturn = try await RunningKeyturn.serve(in: directory, ["KEYTURN_CONFIG": file.path])
        func hangUp(until words: String) async throws {
            kill(keyturn.pid, SIGHUP)
            for _ in 0..<200 where !keyturn.log.contains(words) { try await Task.sleep(for: .milliseconds(50)) }
            #expect(keyturn.log.contains(words))
        }
        #expect(try await keyturn.visitor.get("/healthz").status == 200)
        #expect(!keyturn.log.contains("event=request"))

        try configure(#"{"log": {"level": "debug", "clients": true}, "outbox": {"capacity": 20}}"#)
        try await hangUp(until: "keys=outbox.capacity,log.clients")
        #expect(keyturn.log.contains("event=reloaded what=log.level"))
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        _ = try await keyturn.visitor.get("/healthz", ["traceparent: 00-\(trace)-00f067aa0ba902b7-01"])
        for _ in 0..<200 where !keyturn.log.contains(trace) { try await Task.sleep(for: .milliseconds(50)) }
        #expect(keyturn.log.contains("trace_id=\(trace)"))
        #expect(keyturn.log.contains("parent_id=00f067aa0ba902b7"))

        try configure(#"{"log": {"levle": "info"}}"#)
        try await hangUp(until: "did you mean log.level?")
        #expect(try await keyturn.visitor.get("/healthz").status == 200)
        #expect(await keyturn.stop() == 0)
    }

    @Test func `is said where a certificate cannot be used`() async throws {
        let keyturn = try await RunningKeyturn.run(
            ["serve"],
            environment: RunningKeyturn.environment(
                in: try RunningKeyturn.temporaryDirectory(),
                ["KEYTURN_SERVER_TLS_CERTIFICATE": "/nonexistent", "KEYTURN_SERVER_TLS_KEY": "/nonexistent"]))
        #expect(keyturn.status == 1)
        #expect(keyturn.errors.contains("server.tls.certificate: cannot use /nonexistent: No such file or directory"))
    }

    /// `curl`'s output, once it ends well; at most ten seconds later than asked.
    private func answered(
        _ ask: () async throws -> (status: Int32, output: String, errors: String)
    ) async throws -> String {
        for _ in 0..<100 {
            let answer = try await ask()
            if answer.status == 0 { return answer.output }
            try await Task.sleep(for: .milliseconds(100))
        }
        return ""
    }

    /// ``RunningKeyturn`` knows addresses only.
    private func started(
        in directory: URL, _ changes: [String: String], until isReady: () -> Bool
    ) async throws -> Process {
        let process = Process()
        process.executableURL = RunningKeyturn.binary
        process.arguments = ["serve"]
        process.environment = RunningKeyturn.environment(in: directory, changes)
            .merging(RunningKeyturn.sanitizer) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        for _ in 0..<200 where !isReady() { try await Task.sleep(for: .milliseconds(50)) }
        return process
    }
}
