import Foundation
import TestKit
import Testing

@Suite struct `The address for metrics` {
    /// The service and somebody who asks at its second address.
    private func started(_ changes: [String: String] = [:]) async throws -> (RunningKeyturn, Visitor) {
        let port = Int.random(in: 20_000..<32_000)
        let keyturn = try await RunningKeyturn.serve(changes.merging(["KEYTURN_ADMIN_PORT": "\(port)"]) { $1 })
        return (keyturn, try #require(Visitor(url: "http://127.0.0.1:\(port)")))
    }

    @Test func `answers with the fields of every answer, and refuses with problems`() async throws {
        let (keyturn, prometheus) = try await started()
        let answers = [
            try await prometheus.get("/metrics"), try await prometheus.get("/login"),
            try await prometheus.post("/metrics", json: "{}"), try await prometheus.get("/metrics", ["Bad name: x"]),
        ]
        #expect(answers.map(\.status) == [200, 404, 405, 400])
        #expect(
            answers.dropFirst().map { $0.json("code") } == ["not_found", "method_not_allowed", "request_invalid"])
        #expect(answers[2]["allow"] == "GET, HEAD")
        for answer in answers {
            #expect(answer["x-content-type-options"] == "nosniff")
            #expect(answer["content-security-policy"]?.hasPrefix("default-src 'none'") == true)
            #expect(answer["cache-control"] == "no-store, no-transform")
        }
        #expect(await keyturn.stop() == 0)
    }

    @Test func `has the same grace at the end`() async throws {
        let (keyturn, prometheus) = try await started(["KEYTURN_SERVER_SHUTDOWN_GRACE": "200ms"])
        let unfinished = Task { try await prometheus.raw(Array("GET /metrics HTTP/1.1\r\nHos".utf8)) }
        // That it has come nobody tells.
        try await Task.sleep(for: .milliseconds(300))
        let began = ContinuousClock.now
        #expect(await keyturn.stop() == 0)
        #expect(ContinuousClock.now - began < .seconds(6))
        _ = try? await unfinished.value
    }
}
