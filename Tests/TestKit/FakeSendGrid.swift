/// SendGrid's `POST /v3/mail/send` on loopback, over TLS, with an authority of its own.

package import StrictJSON

/// Records every mail, and takes it with 202 unless a script says otherwise.
package final class FakeSendGrid: Sendable {
    /// A request as SendGrid would have seen it.
    package struct Mail: Sendable {
        package let request: RecordedRequest
        /// The body.
        package let json: JSON
        /// What stood behind `Authorization: Bearer `.
        package var apiKey: String? {
            request["authorization"].flatMap { $0.hasPrefix("Bearer ") ? String($0.dropFirst(7)) : nil }
        }
        /// The address of the first recipient.
        package var to: String? {
            json["personalizations"]?.arrayValue?.first?["to"]?.arrayValue?.first?["email"]?.stringValue
        }
        package var subject: String? { json["subject"]?.stringValue }
        package var text: String? { content("text/plain") }
        package var html: String? { content("text/html") }

        private func content(_ type: String) -> String? {
            json["content"]?.arrayValue?.first { $0["type"]?.stringValue == type }?["value"]?.stringValue
        }
    }

    /// The mails that did not come in time.
    package struct TooFew: Error {
        package let expected: Int
        package let came: Int
    }

    package let server: FaultServer
    private let identity: ServerIdentity
    private let name: String

    /// - Parameter answers: for the first requests, e.g. `.respond(503)`; those after are accepted.
    package static func start(answers: [Answer] = [], named name: String = "localhost") async throws -> FakeSendGrid {
        try FakeSendGrid(answers: answers, named: name)
    }

    private init(answers: [Answer], named name: String) throws {
        self.name = name
        identity = try ServerIdentity(.leaf(dnsNames: [name]))
        server = try FaultServer(.tls(identity), answers: answers, otherwise: Self.accepted)
    }

    /// 202 with an `X-Message-Id` and no body.
    package static let accepted = Answer.respond(202, fields: [("X-Message-Id", "fake-message-id")])

    /// An error as SendGrid words it.
    package static func refused(_ status: Int, message: String, fields: [(String, String)] = []) -> Answer {
        let body = JSON.members(("errors", .array([.members(("message", .string(message)), ("field", .null))])))
        return .respond(
            status, fields: [("Content-Type", "application/json")] + fields,
            body: String(decoding: body.write(), as: UTF8.self))
    }

    /// `https://localhost:PORT`, or of another name, which only a proxy finds.
    package var baseURL: String { "https://\(name):\(server.port)" }
    /// PEM of the authority to trust.
    package var caFile: String { identity.authorityFile }

    /// Every request so far with a body that is JSON, whatever it was answered.
    package var mails: [Mail] {
        server.requests.compactMap { request in
            (try? JSON(parsing: request.body)).map { Mail(request: request, json: $0) }
        }
    }

    /// Waits until there are so many.
    /// - Throws: ``TooFew`` when the time is over.
    package func mails(count: Int, within limit: Duration = .seconds(10)) async throws -> [Mail] {
        let deadline = ContinuousClock.now + limit
        while mails.count < count {
            guard ContinuousClock.now < deadline else { throw TooFew(expected: count, came: mails.count) }
            try await Task.sleep(for: .milliseconds(5))
        }
        return mails
    }

    /// What the next requests get; those after are accepted again.
    package func answerNext(with answers: Answer...) {
        for answer in answers { server.answerNext(with: answer) }
    }

    package func stop() { server.stop() }

    deinit { server.stop() }
}
