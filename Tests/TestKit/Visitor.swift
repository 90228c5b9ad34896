import Foundation
import Sockets
import StrictJSON

/// Somebody on the other side of a real socket: sends exactly the bytes it is told, one connection a request.
package struct Visitor: Sendable {
    package struct Answer: Sendable {
        package let status: Int
        /// In the order they came, names in lower case.
        package let fields: [(name: String, value: String)]
        package let body: [UInt8]

        package var text: String { String(decoding: body, as: UTF8.self) }
        package subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
    }

    package enum Failed: Error { case noAnswer(String) }

    private let address: SocketAddress
    private let host: String
    private static let loops = Result { try EventLoops(count: 1) }

    /// - Parameter url: `http://127.0.0.1:8080`
    package init?(url: String) {
        guard let parsed = URL(string: url), let host = parsed.host(), let port = parsed.port else { return nil }
        self.host = "\(host):\(port)"
        address = .ip(bytes: host.split(separator: ".").compactMap { UInt8($0) }, port: UInt16(port))
    }

    package func get(_ path: String, _ fields: [String] = []) async throws -> Answer {
        try await send("GET", path, fields, body: nil)
    }

    package func post(_ path: String, json: String, _ fields: [String] = []) async throws -> Answer {
        try await send("POST", path, ["Content-Type: application/json"] + fields, body: Array(json.utf8))
    }

    /// A form as a browser posts it.
    package func post(_ path: String, form: [(String, String)], _ fields: [String] = []) async throws -> Answer {
        let body = form.map { "\(Visitor.encoded($0))=\(Visitor.encoded($1))" }.joined(separator: "&")
        return try await send(
            "POST", path, ["Content-Type: application/x-www-form-urlencoded"] + fields, body: Array(body.utf8))
    }

    package func send(_ method: String, _ path: String, _ fields: [String], body: [UInt8]?) async throws -> Answer {
        var head = "\(method) \(path) HTTP/1.1\r\n"
        if !fields.contains(where: { $0.lowercased().hasPrefix("host:") }) { head += "Host: \(host)\r\n" }
        for field in fields + ["Connection: close"] { head += field + "\r\n" }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        return try Visitor.answer(in: await raw(Array((head + "\r\n").utf8) + (body ?? [])))
    }

    /// Sends the bytes and reads until the other end closes, at most 30 seconds.
    package func raw(_ bytes: [UInt8]) async throws -> [UInt8] {
        let loop = try Visitor.loops.get().next()
        let address = address
        return try await Task(executorPreference: loop) {
            let deadline = Deadline.now + .seconds(30)
            let stream = try await SocketStream.connect(to: address, on: loop, until: deadline)
            defer { stream.close() }
            try await stream.write(bytes, until: deadline)
            var answer: [UInt8] = []
            while try await stream.read(into: &answer, atMost: 65_536, until: deadline) > 0 {}
            return answer
        }.value
    }

    /// Sends the bytes, waits and hangs up without having read.
    package func hangUp(_ bytes: [UInt8], after patience: Duration) async throws {
        let loop = try Visitor.loops.get().next()
        let address = address
        try await Task(executorPreference: loop) {
            let deadline = Deadline.now + .seconds(30)
            let stream = try await SocketStream.connect(to: address, on: loop, until: deadline)
            defer { stream.close() }
            try await stream.write(bytes, until: deadline)
            try await Task.sleep(for: patience)
        }.value
    }

    private static func answer(in bytes: [UInt8]) throws -> Answer {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else {
            throw Failed.noAnswer(String(decoding: bytes.prefix(200), as: UTF8.self))
        }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        guard let status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") else {
            throw Failed.noAnswer(lines[0])
        }
        let fields = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (
                String(parts[0]).lowercased(), parts.count == 2 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
            )
        }
        return Answer(status: status, fields: fields, body: Array(bytes[end.upperBound...]))
    }

    private static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }
}

extension Visitor.Answer {
    /// The member of a JSON answer; nil where there is none.
    package func json(_ name: String) -> String? { (try? JSON(parsing: body))?[name]?.stringValue }
}
