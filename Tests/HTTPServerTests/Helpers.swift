/// A server that runs for one test, and a client that sends bytes as the test says.
import Glibc
import HTTP
import HTTPServer
import Sockets
import Synchronization
import Telemetry
import Testing

var soon: Deadline { .now + .seconds(10) }

/// Holds an answer back until the test has seen that it is in progress.
actor Gate {
    private var hasEntered = false
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func enter() async {
        hasEntered = true
        wake()
        while !isOpen { await change() }
    }
    func untilEntered() async { while !hasEntered { await change() } }
    func open() {
        isOpen = true
        wake()
    }
    private func change() async { await withCheckedContinuation { waiting.append($0) } }
    private func wake() {
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}

/// What a responder was told of responses that it was not awaited for.
final class Told: Sendable {
    struct Response: Equatable, Sendable {
        let status: Int
        /// nil: of the server's own.
        let path: String?
        let duration: Duration
    }

    private let responses = Mutex<[Response]>([])
    var all: [Response] { responses.withLock(\.self) }
    func add(_ response: Response) { responses.withLock { $0.append(response) } }
}

/// Answers what the tests ask for.
final class Answers: Responder {
    let gate: Gate
    let told = Told()

    init(gate: Gate) { self.gate = gate }

    func sends(_ status: Status, to request: Request, after duration: Duration) {
        told.add(Told.Response(status: status.code, path: request.path, duration: duration))
    }

    func serverSends(_ status: Status, after duration: Duration) {
        told.add(Told.Response(status: status.code, path: nil, duration: duration))
    }

    func copyForLoop() -> Answers { self }

    func refuseEarly(_ request: Request) -> Response? {
        request.path(is: "/early") ? Response(.notFound) : nil
    }

    func respondAtOnce(to request: Request) -> Response? {
        request.path(is: "/now") ? Response(.ok, contentType: "text/plain", body: Array("/now".utf8)) : nil
    }

    func respond(to request: Request) async -> Response {
        switch request.path {
        case "/slow":
            try? await Task.sleep(for: .milliseconds(60))
            return Response(.ok, contentType: "text/plain", body: Array("slow".utf8))
        case "/gate":
            await gate.enter()
            return Response(.ok, contentType: "text/plain", body: Array("gate".utf8))
        case "/medium": return Response(.ok, body: [UInt8](repeating: 120, count: 40_000))
        case "/large": return Response(.ok, body: [UInt8](repeating: 120, count: 300_000))
        case "/huge": return Response(.ok, body: [UInt8](repeating: 120, count: 20_000_000))
        case "/chunks": return Response(.ok, contentType: "text/plain", chunks: pieces(["ab", "", "cde"]))
        case "/chunks/huge": return Response(.ok, chunks: pieces(Array(repeating: hugePiece, count: 100)))
        case "/chunks/broken": return Response(.ok, contentType: "text/plain", chunks: pieces(["ab", nil]))
        case "/echo": return Response(.ok, contentType: "text/plain", body: request.body)
        case "/early": return Response(.internalServerError)
        default: return Response(.ok, contentType: "text/plain", body: Array(request.path.utf8))
        }
    }
}

let hugePiece = String(repeating: "x", count: 200_000)

/// - Parameter texts: nil: there the source fails.
private func pieces(_ texts: [String?]) -> Response.Chunks {
    let left = Left(texts)
    return { try await left.next() }
}

private actor Left {
    private var texts: ArraySlice<String?>

    init(_ texts: [String?]) { self.texts = texts[...] }

    func next() throws -> [UInt8]? {
        guard let text = texts.popFirst() else { return nil }
        guard let text else { throw CancellationError() }
        return Array(text.utf8)
    }
}

func withServer(
    on place: SocketAddress = .ip(bytes: [127, 0, 0, 1], port: 0), loops count: Int = 2,
    _ change: (inout HTTPServerOptions) -> Void = { _ in }, _ body: (TestServer) async throws -> Void
) async throws {
    var options = HTTPServerOptions()
    options.commonFields = Array("X-Content-Type-Options: nosniff\r\n".utf8)
    options.refusal = { status, code, _ in Response(status, contentType: "text/plain", body: Array(code.utf8)) }
    change(&options)
    let loops = try EventLoops(count: count)
    let listener = try Listener(place)
    let metrics = Metrics()
    let gate = Gate()
    let answers = Answers(gate: gate)
    let server = HTTPServer(answers, on: [listener], loops: loops, options: options, metrics: metrics)
    let running = Task {
        await #expect(throws: Never.self) { try await server.run() }
        return ()
    }
    let outcome: Result<Void, any Error>
    do {
        outcome = .success(
            try await body(
                TestServer(
                    server: server, gate: gate, told: answers.told, address: listener.address, loops: loops,
                    metrics: metrics,
                    running: running)))
    } catch {
        outcome = .failure(error)
    }
    server.shutDown()
    await running.value
    await loops.shutDown()
    try outcome.get()
}

struct TestServer {
    let server: HTTPServer
    let gate: Gate
    let told: Told
    let address: SocketAddress
    let loops: EventLoops
    let metrics: Metrics
    let running: Task<Void, Never>

    func connect() async throws(SocketFailed) -> SocketStream {
        try await SocketStream.connect(to: address, on: loops.next(), until: soon)
    }

    /// Sends the parts one after the other, finishes, and gives what came until the end.
    func exchange(_ parts: [String], pause: Duration = .zero, finishes: Bool = true) async throws -> String {
        let stream = try await connect()
        for part in parts {
            try await stream.write(Array(part.utf8), until: soon)
            if pause > .zero { try await Task.sleep(for: pause) }
        }
        if finishes { stream.finishWriting() }
        return try await readAll(stream)
    }
}

extension TestServer {
    /// Whether a line of the metrics becomes this one, however busy the machine is.
    func counts(_ line: String) async throws -> Bool {
        for _ in 0..<2000 {
            if metrics.text().split(separator: "\n").contains(Substring(line)) { return true }
            try await Task.sleep(for: .milliseconds(5))
        }
        return false
    }
}

/// Until the other end has finished.
func readAll(_ stream: SocketStream) async throws -> String {
    var bytes: [UInt8] = []
    while try await stream.read(into: &bytes, atMost: 65_536, until: soon) > 0 {}
    return withoutDates(bytes)
}

/// One answer, recognised by the end that is expected of it.
func read(_ stream: SocketStream, until end: String) async throws -> String {
    var bytes: [UInt8] = []
    while !withoutDates(bytes).hasSuffix(end) {
        guard try await stream.read(into: &bytes, atMost: 65_536, until: soon) > 0 else { break }
    }
    return withoutDates(bytes)
}

/// Ends it so that the other end can write no more.
func reset(_ stream: SocketStream) {
    var lingers = linger(l_onoff: 1, l_linger: 0)
    setsockopt(stream.descriptor, SOL_SOCKET, SO_LINGER, &lingers, socklen_t(MemoryLayout<linger>.size))
    stream.close()
}

/// Checks that every answer has one date and leaves its line out.
func withoutDates(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self)
        .split(separator: "\r\n", omittingEmptySubsequences: false)
        .filter { !$0.hasPrefix("Date: ") }.joined(separator: "\r\n")
}

/// What the test's responder answers with, and the server's fields around it.
func answer(
    _ status: String, _ body: String, type: String? = "text/plain", closes: Bool = false, hidesBody: Bool = false
) -> String {
    "HTTP/1.1 \(status)\r\nCache-Control: no-store, no-transform\r\n" + (type.map { "Content-Type: \($0)\r\n" } ?? "")
        + "X-Content-Type-Options: nosniff\r\nContent-Length: \(body.utf8.count)\r\n"
        + (closes ? "Connection: close\r\n" : "") + "\r\n" + (hidesBody ? "" : body)
}
