/// What the server takes of anything, and what it says beyond.
import HTTP
import Sockets
import Synchronization
import Testing

@testable import HTTPServer

@Suite struct `A limit` {
    @Test func `on requests of one connection is said with the last answer`() async throws {
        try await withServer({ $0.limits.requestsPerConnection = 2 }) { server in
            let sent = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
            let received = try await server.exchange([sent + sent + sent], finishes: false)
            #expect(received == answer("200 OK", "/a") + answer("200 OK", "/a", closes: true))
        }
    }

    @Test(arguments: [
        ("GET /\(String(repeating: "a", count: 8192)) HTTP/1.1\r\n\r\n", "414 URI Too Long", "target_too_long"),
        (
            "GET / HTTP/1.1\r\nHost: h\r\nA: \(String(repeating: "a", count: 9000))\r\n\r\n",
            "431 Request Header Fields Too Large", "head_too_large"
        ),
        ("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 70000\r\n\r\n", "413 Content Too Large", "body_too_large"),
        ("GET / HTTP/3.0\r\nHost: h\r\n\r\n", "505 HTTP Version Not Supported", "version_not_supported"),
        ("BREW / HTTP/1.1\r\nHost: h\r\n\r\n", "501 Not Implemented", "not_implemented"),
        ("GET / HTTP/1.1\r\nHost: h\r\nExpect: tea\r\n\r\n", "417 Expectation Failed", "expectation_failed"),
    ])
    func `has its status, and the connection closes`(sent: String, status: String, code: String) async throws {
        try await withServer { server in
            let received = try await server.exchange([sent], finishes: false)
            #expect(received == answer(status, code, closes: true))
        }
    }

    @Test func `is heard by a client that sends its body all the same`() async throws {
        try await withServer { server in
            let head = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n"
            // In one piece and in two: what is unread when the connection closes would take the answer with it.
            let body = String(repeating: "x", count: 200_000)
            for parts in [[head, body], [head + body]] {
                let received = try await server.exchange(parts)
                #expect(received == answer("413 Content Too Large", "body_too_large", closes: true))
            }
        }
    }

    @Test func `is no reason to hear a client for more than two seconds`() async throws {
        try await withServer { server in
            let stream = try await server.connect()
            try await stream.write(Array("nonsense\r\n\r\n".utf8), until: soon)
            #expect(try await server.counts("http_connections_total 1"))
            #expect(try await server.counts("http_connections_open 0"))
            stream.close()
        }
    }

    private static let larger: @Sendable (inout HTTPServerOptions) -> Void = {
        $0.limits.bodyBytes = 8
        $0.limits.largerBodies = [LargerBodies(at: "/echo", bytes: 20)]
        $0.limits.largerBodiesAtOnce = 1
    }

    @Test(arguments: [
        ("/echo", "Content-Length: 20\r\n\r\n12345678901234567890", "200 OK", "12345678901234567890"),
        ("/echo", "Content-Length: 21\r\n\r\n123456789012345678901", "413 Content Too Large", "body_too_large"),
        ("/echo?a=1", "Content-Length: 9\r\n\r\n123456789", "200 OK", "123456789"),
        ("/echo", "Transfer-Encoding: chunked\r\n\r\n9\r\n123456789\r\n0\r\n\r\n", "200 OK", "123456789"),
        (
            "/echo", "Transfer-Encoding: chunked\r\n\r\n15\r\n123456789012345678901\r\n0\r\n\r\n",
            "413 Content Too Large", "body_too_large"
        ),
        ("/echo/", "Content-Length: 9\r\n\r\n123456789", "413 Content Too Large", "body_too_large"),
        ("/now", "Content-Length: 9\r\n\r\n123456789", "413 Content Too Large", "body_too_large"),
    ])
    func `on bodies is larger where a path says so, and nowhere else`(
        path: String, rest: String, status: String, body: String
    ) async throws {
        try await withServer(Self.larger) { server in
            let received = try await server.exchange(["POST \(path) HTTP/1.1\r\nHost: h\r\n\(rest)"])
            #expect(received == answer(status, body, closes: status != "200 OK"))
        }
    }

    /// Sends a body that grows large before it is whole, and waits for its answer.
    private func sendLargerBody(to server: TestServer) async throws -> SocketStream {
        let stream = try await server.connect()
        let begun =
            "GET /now HTTP/1.1\r\nHost: h\r\n\r\nPOST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n123456789"
        try await stream.write(Array(begun.utf8), until: soon)
        // The answer before it goes out when the body has its place.
        #expect(try await read(stream, until: "/now") == answer("200 OK", "/now"))
        try await stream.write([UInt8(ascii: "0")], until: soon)
        #expect(try await read(stream, until: "1234567890") == answer("200 OK", "1234567890"))
        return stream
    }

    @Test func `on larger bodies at once counts none that was answered`() async throws {
        try await withServer(Self.larger) { server in
            let first = try await sendLargerBody(to: server)
            try await sendLargerBody(to: server).close()
            first.close()
        }
    }

    @Test(arguments: [
        ("Content-Length: 20\r\n\r\n", "123456789"),
        ("Transfer-Encoding: chunked\r\n\r\n", "9\r\n123456789\r\n"),
    ])
    func `on larger bodies at once is said when one more has grown large`(announced: String, begun: String) async throws
    {
        try await withServer(Self.larger) { server in
            let get = "GET /now HTTP/1.1\r\nHost: h\r\n\r\n"
            let head = "POST /echo HTTP/1.1\r\nHost: h\r\n" + announced
            let silent = try await server.connect()
            try await silent.write(Array((get + head).utf8), until: soon)
            #expect(try await read(silent, until: "/now") == answer("200 OK", "/now"))
            // The answer before it goes out when the body has its place.
            let first = try await server.connect()
            try await first.write(Array((get + head + begun).utf8), until: soon)
            #expect(try await read(first, until: "/now") == answer("200 OK", "/now"))

            let second = try await server.exchange([head + begun], finishes: false)
            #expect(second.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
            #expect(second.contains("\r\nRetry-After: 1\r\n"))
            #expect(second.hasSuffix("\r\n\r\nbusy"))
            let small = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n1"
            #expect(try await server.exchange([small]) == answer("200 OK", "1"))

            // Gone without an answer, it gives its place back too.
            reset(first)
            silent.close()
            #expect(try await server.counts("http_connections_open 0"))
            try await sendLargerBody(to: server).close()
        }
    }

    @Test func `on larger bodies holds for one client, so that others find room`() throws {
        var limits = HTTPServerLimits()
        (limits.largerBodiesAtOnce, limits.largerBodiesPerClient) = (3, 2)
        var places = LargerBodyPlaces(limits)
        let (one, other, noon) = (Self.one, Self.other, Deadline.now)
        let begun = [one, one, one, other, other].map { places.take(for: $0, at: noon) { _ in }.ticket }
        #expect(begun.map { $0 != nil } == [true, true, false, true, false])
        places.giveBack(try #require(begun[0]))
        #expect(places.take(for: other, at: noon) { _ in }.ticket != nil)
        #expect(places.take(for: one, at: noon) { _ in }.ticket == nil)
        // A proxy's clients all come from one.
        var others = LargerBodyPlaces(limits)
        for _ in 0..<3 { #expect(others.take(for: Client(.unix(path: "")), at: noon) { _ in }.ticket != nil) }
    }

    @Test func `on larger bodies is met by the oldest, once it has had its place for three seconds`() throws {
        var limits = HTTPServerLimits()
        (limits.largerBodiesAtOnce, limits.largerBodiesPerClient) = (3, 2)
        var places = LargerBodyPlaces(limits)
        let noon = Deadline.now
        let hasGivenWay = Atomic(0)
        func take(_ client: Client, after seconds: Int, as number: Int) -> Bool {
            let (ticket, displaced) = places.take(for: client, at: noon + .seconds(seconds)) { _ in
                hasGivenWay.store(number, ordering: .relaxed)
            }
            displaced?()
            return ticket != nil
        }
        let begun = [
            take(Self.other, after: 0, as: 1), take(Self.one, after: 1, as: 2), take(Self.one, after: 2, as: 3),
            take(Self.other, after: 2, as: 4),
        ]
        #expect(begun == [true, true, true, false])
        // All places are taken, and the client has as many as it may have: its own oldest is one that may be displaced next.
        #expect(!take(Self.one, after: 3, as: 5))
        #expect(take(Self.other, after: 3, as: 6))
        #expect(hasGivenWay.load(ordering: .relaxed) == 1)
        #expect(take(Self.one, after: 4, as: 7))
        #expect(hasGivenWay.load(ordering: .relaxed) == 2)
    }

    @Test func `on larger bodies keeps nobody out who comes after many that trickle`() async throws {
        try await withServer({
            Self.larger(&$0)
            $0.limits.largerBodyOwnTime = .milliseconds(50)
        }) { server in
            let begun = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 20\r\n\r\n123456789"
            let slow = try await server.connect()
            try await slow.write(Array(("GET /now HTTP/1.1\r\nHost: h\r\n\r\n" + begun).utf8), until: soon)
            #expect(try await read(slow, until: "/now") == answer("200 OK", "/now"))
            try await Task.sleep(for: .milliseconds(60))
            try await sendLargerBody(to: server).close()
            #expect(try await readAll(slow) == answer("408 Request Timeout", "request_timeout", closes: true))
            #expect(try await server.counts(#"http_refusals_total{reason="busy"} 0"#))
        }
    }

    @Test func `on a larger body's time gives its place back before its client is gone`() async throws {
        let change: @Sendable (inout HTTPServerOptions) -> Void = {
            Self.larger(&$0)
            $0.limits.bodyDeadline = .milliseconds(40)
        }
        try await withServer(change) { server in
            let begun = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 20\r\n\r\n123456789"
            let first = try await server.connect()
            try await first.write(Array(begun.utf8), until: soon)
            let late = answer("408 Request Timeout", "request_timeout", closes: true)
            #expect(try await read(first, until: "request_timeout") == late)
            // The answer before it goes out when the body has its place.
            let second = try await server.exchange(["GET /now HTTP/1.1\r\nHost: h\r\n\r\n" + begun], finishes: false)
            #expect(second == answer("200 OK", "/now") + late)
            first.close()
        }
    }

    @Test func `on idle time closes without a word`() async throws {
        try await withServer({ $0.limits.idle = .milliseconds(40) }) { server in
            let received = try await server.exchange([], finishes: false)
            #expect(received == "")
        }
    }

    @Test func `on a head's time is not moved by bytes that trickle`() async throws {
        try await withServer({ $0.limits.headDeadline = .milliseconds(80) }) { server in
            let stream = try await server.connect()
            async let received = readAll(stream)
            do {
                for byte in "GET / HTTP/1.1\r\nA: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".utf8 {
                    try await stream.write([byte], until: soon)
                    try await Task.sleep(for: .milliseconds(4))
                }
            } catch is SocketFailed {
                // Cut while it trickled.
            }
            stream.finishWriting()
            #expect(try await received == answer("408 Request Timeout", "request_timeout", closes: true))
        }
    }

    @Test(arguments: ["POST", "HEAD"]) func `on a body's time`(method: String) async throws {
        try await withServer({ $0.limits.bodyDeadline = .milliseconds(40) }) { server in
            let sent = "\(method) /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel"
            let received = try await server.exchange([sent], finishes: false)
            let late = answer("408 Request Timeout", "request_timeout", closes: true, hidesBody: method == "HEAD")
            #expect(received == late)
        }
    }

    @Test func `on connections is told at once, and is over when one leaves`() async throws {
        try await withServer({ $0.limits.connections = 2 }) { server in
            let first = try await server.connect()
            let second = try await server.connect()
            // Neither is idle.
            for stream in [first, second] {
                try await stream.write(Array("GET /a HTTP/1.1\r\nHo".utf8), until: soon)
            }
            let refused = try await server.exchange([])
            #expect(refused.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
            #expect(refused.contains("\r\nRetry-After: 1\r\n"))
            #expect(refused.contains("\r\nConnection: close\r\n"))
            second.close()
            var answered = ""
            for _ in 0..<100 where !answered.hasPrefix("HTTP/1.1 200") {
                answered = try await server.exchange(["GET /a HTTP/1.1\r\nHost: h\r\n\r\n"])
            }
            #expect(answered == answer("200 OK", "/a"))
        }
    }

    @Test func `on connections is told to 256 at once, and to more by closing`() {
        var limits = HTTPServerLimits()
        limits.connections = 1
        let admission = Admission(limits)
        let client = Client(.ip(bytes: [192, 0, 2, 1], port: 50_000))
        let answers = (0..<258).map { _ in admission.admit(client) }
        #expect(answers == [.admitted] + Array(repeating: .turnedAway, count: 256) + [.dropped])
        admission.leaveTurnedAway()
        #expect(admission.admit(client) == .turnedAway)
        #expect(admission.admit(client) == .dropped)
    }

    @Test func `on connections ends when those who are told so have left, too`() async throws {
        var limits = HTTPServerLimits()
        limits.connections = 0
        let admission = Admission(limits)
        #expect(admission.admit(Self.one) == .turnedAway)
        let hasEnded = Atomic(false)
        async let end: Void = {
            await admission.everyoneLeft()
            hasEnded.store(true, ordering: .relaxed)
        }()
        try await Task.sleep(for: .milliseconds(20))
        let hasEndedEarly = hasEnded.load(ordering: .relaxed)
        #expect(!hasEndedEarly)
        admission.leaveTurnedAway()
        await end
    }

    @Test func `on connections of one client is told as well`() async throws {
        try await withServer({ $0.limits.connectionsPerClient = 1 }) { server in
            let first = try await server.connect()
            try await first.write(Array("GET /a HTTP/1.1\r\nHost: h\r\n\r\n".utf8), until: soon)
            #expect(try await read(first, until: "/a") == answer("200 OK", "/a"))
            let refused = try await server.exchange([])
            #expect(refused.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
        }
    }

    @Test(arguments: [
        // descriptors, wanted, connections, turned away
        (20_000, 10_000, 10_000, 256), (10_500, 10_000, 10_000, 256), (1024, 10_000, 784, 112), (1024, 600, 600, 256),
        (1024, 700, 700, 112), (256, 10_000, 112, 16), (100, 10_000, 22, 3), (0, 10_000, 2, 0),
    ])
    func `on connections is no greater than the descriptors that others leave`(
        descriptors: Int, wanted: Int, connections: Int, turnedAway: Int
    ) {
        var limits = HTTPServerLimits()
        limits.connections = wanted
        let fitted = limits.fitting(descriptors: descriptors, besides: 128)
        #expect(fitted.connections == connections)
        #expect(fitted.turnedAwayAtOnce == turnedAway)
    }

    @Test(arguments: [
        (10_000, 1000, 1000), (10_000, 10_000, 1000), (5000, 1000, 500), (100, 1000, 20), (5, 1000, 20), (10_000, 7, 7),
        (200, 30, 20), (1_000_000, 1000, 1000),
    ])
    func `on connections of one client is never above a tenth of all, which counts as twenty at least`(
        connections: Int, perClient: Int, ofOneClient: Int
    ) {
        var limits = HTTPServerLimits()
        (limits.connections, limits.connectionsPerClient) = (connections, perClient)
        #expect(limits.connectionsOfOneClient == ofOneClient)
    }

    @Test func `on connections of one client leaves the other seats to others, as delivered`() async throws {
        try await withServer({ $0.limits.connections = 100 }) { server in
            var streams: [SocketStream] = []
            for _ in 0..<20 { streams.append(try await server.connect()) }
            let refused = try await server.exchange([])
            #expect(refused.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
            #expect(try await server.counts("http_connections_open 20"))
            for stream in streams { stream.close() }
        }
    }

    @Test func `on connections of one client does not hold for a trusted proxy, which is many`() async throws {
        let change: (inout HTTPServerOptions) -> Void = {
            $0.limits.connectionsPerClient = 1
            $0.trustedProxies = [CIDR(parsing: "127.0.0.0/8")].compactMap(\.self)
        }
        try await withServer(change) { server in
            let first = try await server.connect()
            try await first.write(Array("GET /a HTTP/1.1\r\nHost: h\r\n\r\n".utf8), until: soon)
            #expect(try await read(first, until: "/a") == answer("200 OK", "/a"))
            #expect(
                try await server.exchange(["GET /a HTTP/1.1\r\nHost: h\r\n\r\n"]) == answer("200 OK", "/a"))
        }
    }

    /// A request that is not whole, and of which so many bytes have come.
    enum Unfinished: CaseIterable {
        case body, chunks, head

        func begun(bytes: Int) -> String {
            let content = String(repeating: "x", count: bytes)
            return switch self {
            case .body: "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n" + content
            case .chunks: "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nea60\r\n" + content
            case .head:
                "GET /a HTTP/1.1\r\nHost: h\r\n"
                    + (0..<bytes / 5000).map { "A\($0): \(content.prefix(5000))\r\n" }.joined()
            }
        }
    }

    @Test(arguments: Unfinished.allCases)
    func `on requests that are not whole holds over all connections`(kind: Unfinished) async throws {
        let change: (inout HTTPServerOptions) -> Void = {
            $0.limits.unfinishedBytes = 30_000
            ($0.limits.headDeadline, $0.limits.bodyDeadline) = (.seconds(600), .seconds(600))
            $0.trustedProxies = [CIDR(parsing: "127.0.0.0/8")].compactMap(\.self)
        }
        try await withServer(change) { server in
            let first = try await server.connect()
            try await first.write(Array(kind.begun(bytes: 25_000).utf8), until: soon)
            #expect(try await server.counts("http_connections_open 1"))
            try await Task.sleep(for: .milliseconds(50))
            for _ in 0..<3 {
                let second = try await server.exchange([kind.begun(bytes: 25_000)], finishes: false)
                #expect(second.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
                #expect(second.contains("\r\nRetry-After: 1\r\n"))
                #expect(second.contains("\r\nConnection: close\r\n"))
                #expect(second.hasSuffix("\r\n\r\nbodies_full"))
            }
            #expect(try await server.counts(#"http_refusals_total{reason="bodies_full"} 3"#))
            // Ordinary requests need none of that room, though they come in two pieces.
            let parts = ["POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nh", "i"]
            #expect(try await server.exchange(parts, pause: .milliseconds(20)) == answer("200 OK", "hi"))
            // Gone without an answer, it gives its room back, as does one that is answered.
            reset(first)
            #expect(try await server.counts(#"http_connections_closed_total{cause="reset"} 1"#))
            for _ in 0..<3 {
                let body = String(repeating: "x", count: 25_000)
                let whole = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 25000\r\n\r\n"
                let received = try await server.exchange(
                    [whole, String(body.dropLast()), "x"], pause: .milliseconds(20))
                #expect(received == answer("200 OK", body))
            }
        }
    }

    @Test func `on memory that clients fill holds for each of them, so that others find room`() {
        let budget = ByteBudget(bytes: 100)
        #expect(budget.take(50, for: Self.one))
        #expect(!budget.take(1, for: Self.one))
        #expect(budget.take(30, for: Self.other))
        // A proxy's clients all come from one.
        let proxy = Client(.unix(path: ""))
        #expect(!budget.take(21, for: proxy))
        #expect(budget.take(20, for: proxy))
        #expect(!budget.take(1, for: Self.other))
        budget.giveBack(50, of: Self.one)
        #expect(budget.take(20, for: Self.other))
        #expect(!budget.take(1, for: Self.other))
        budget.giveBack(50, of: Self.other)
        budget.giveBack(20, of: proxy)
        #expect(budget.bytes == 0)
        #expect(budget.take(100, for: proxy))
    }

    private static let (one, other) = (
        Client(.ip(bytes: [192, 0, 2, 1], port: 1)), Client(.ip(bytes: [192, 0, 2, 2], port: 1))
    )

    private func admission(connections: Int, perClient: Int = .max) -> Admission {
        var limits = HTTPServerLimits()
        (limits.connections, limits.connectionsPerClient) = (connections, perClient)
        return Admission(limits)
    }

    @Test func `on connections of one client counts those that are there`() {
        let admission = admission(connections: 10, perClient: 2)
        #expect(
            [Self.one, Self.one, Self.one, Self.other].map { admission.admit($0) } == [
                .admitted, .admitted, .turnedAway, .admitted,
            ])
        for _ in 0..<2 { admission.leave(Self.one) }
        #expect([Self.one, Self.one, Self.one].map { admission.admit($0) } == [.admitted, .admitted, .turnedAway])
    }

    @Test func `on those who are told that there is no room drops the others`() {
        let admission = admission(connections: 0)
        for _ in 0..<256 { #expect(admission.admit(Self.one) == .turnedAway) }
        #expect(admission.admit(Self.one) == .dropped)
        admission.leaveTurnedAway()
        #expect([Self.one, Self.one].map { admission.admit($0) } == [.turnedAway, .dropped])
    }

    @Test func `on connections is near above three quarters of it, and only then`() {
        let admission = admission(connections: 4)
        var isScarce: [Bool] = []
        for _ in 0..<4 {
            #expect(admission.admit(Self.one) == .admitted)
            isScarce.append(admission.isScarce)
        }
        admission.leave(Self.one)
        #expect(isScarce + [admission.isScarce] == [false, false, false, true, false])
    }
}
