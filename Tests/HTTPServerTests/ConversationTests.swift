/// The protocol's side of a connection, without a socket: the same bytes cut at every place.
import HTTP
import Sockets
import Testing

@testable import HTTPServer

private let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
private let post = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
private let chunked =
    "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n"

private let examples: [(sent: String, said: String)] = [
    ("", ""),
    (get, "200 /a"),
    (get + post + chunked + get, "200 /a 200 hello 200 hello 200 /a"),
    (chunked + chunked, "200 hello 200 hello"),
    ("GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + get, "200 /a close"),
    ("GET /a HTTP/1.0\r\n\r\n", "200 /a close"),
    ("GET /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + get, "200 /a 200 /a"),
    (get + "nonsense\r\n\r\n" + get, "200 /a 400 request_invalid close"),
    ("GET / HTTP/1.1\r\n\r\n", "400 request_invalid close"),
    ("POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello" + get, "404 200 /a"),
    (
        "POST /early HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n" + get,
        "404 200 /a"
    ),
    (
        "GET /chunks HTTP/1.1\r\nHost: h\r\n\r\n" + get,
        "200 1\r\na\r\n2\r\nbc\r\n0\r\n\r\n 200 /a"
    ),
    ("HEAD /chunks HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + get, "200 close"),
    ("GET /chunks HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + get, "200 abc close"),
    (
        "POST /early HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
        "404 close"
    ),
    ("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 70000\r\n\r\n", "413 body_too_large close"),
    ("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n+3\r\n", "400 request_invalid close"),
    ("GET /a HTTP/3.0\r\n", "505 version_not_supported close"),
    ("HEAD /a HTTP/1.1\r\nHost : h\r\n\r\n", "400 close"),
    ("HEAD /a HTTP/1.1\r\n\r\n", "400 close"),
    ("HEAD /a HTTP/1.1\r\nHost: h\r\nContent-Length: 70000\r\n\r\n", "413 close"),
    ("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\nnonsense\r\n\r\n", "200 400 request_invalid close"),
]

/// What a conversation says to the pieces, each answered as far as it goes: statuses, bodies, and how it ends.
private func said(to pieces: [ArraySlice<UInt8>]) throws -> String {
    let writer = ResponseWriter()
    var conversation = Conversation(with: Client(.unix(path: "")), isSecure: false, limits: .init(), at: .now)
    var (bytes, ending): ([UInt8], String) = ([], "")
    var chunks: ArraySlice<String> = []
    for piece in pieces where ending.isEmpty {
        conversation.reader.received.append(contentsOf: piece)
        speaking: while true {
            switch conversation.next(writer, isDraining: false) {
            case .receive: break speaking
            case .decide(let request):
                let early = request.path(is: "/early") ? Response(.notFound) : nil
                _ = conversation.decide(on: request, early: early, writer)
            case .answer(let request):
                let body = request.path(is: "/echo") ? request.body : Array(request.path.utf8)
                chunks = ["a", "bc"]
                let response = request.path(is: "/chunks") ? Response(.ok) { nil } : Response(.ok, body: body)
                conversation.answer(request, with: response, isDraining: false, writer)
            case .answerEarly(let request, let early):
                conversation.answer(request, with: early, isDraining: false, writer)
            case .ask: conversation.append(chunks.popFirst().map { Array($0.utf8) }, writer)
            case .refuse(let refusal, let status, _):
                conversation.refuse(with: Response(status, body: Array(refusal.code.utf8)), writer)
            case .write: break
            case .end:
                ending = " close"
                break speaking
            }
            _ = conversation.write { (piece: Span<UInt8>) -> Int? in
                bytes.append(piece[0])
                return 1
            }
        }
    }
    return try summary(of: String(decoding: bytes, as: UTF8.self)) + ending
}

private func summary(of answers: String) throws -> String {
    var words: [String] = []
    for answer in answers.components(between: "HTTP/1.1 ") {
        let parts = answer.split(separator: "\r\n\r\n", maxSplits: 1)
        words.append(String(answer.prefix(3)))
        if parts.count == 2 { words.append(String(parts[1])) }
    }
    return words.joined(separator: " ")
}

extension String {
    fileprivate func components(between separator: String) -> [Substring] {
        split(separator: separator, omittingEmptySubsequences: true)
    }
}

@Suite struct `A conversation` {
    @Test(arguments: examples) func `says the same to bytes that come whole, one by one and cut at every place`(
        sent: String, expected: String
    ) throws {
        let bytes = Array(sent.utf8)
        #expect(try said(to: [bytes[...]]) == expected)
        #expect(try said(to: bytes.indices.map { bytes[$0...$0] }) == expected)
        for cut in bytes.indices { #expect(try said(to: [bytes[..<cut], bytes[cut...]]) == expected) }
    }

    @Test func `tells a client that waits for the word to go on, once, and none whose body is here`() throws {
        let head = "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
        #expect(try said(to: [Array(head.utf8)[...], Array("hello".utf8)[...]]) == "100 200 hello")
        #expect(try said(to: [Array((head + "hello").utf8)[...]]) == "200 hello")
    }

    @Test func `does not wait for a large body where the answer is known`() throws {
        let writer = ResponseWriter()
        var limits = HTTPServerLimits()
        limits.largerBodies = [LargerBodies(at: "/early", bytes: 100_000)]
        var conversation = Conversation(with: Client(.unix(path: "")), isSecure: false, limits: limits, at: .now)
        let head = "POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 70000\r\n\r\n"
        conversation.reader.received.append(contentsOf: head.utf8)
        guard case .decide(let request) = conversation.next(writer, isDraining: false) else {
            return #expect(Bool(false))
        }
        let isGiven = conversation.decide(on: request, early: Response(.notFound), writer)
        #expect(isGiven)
        guard case .end(lingers: true) = conversation.next(writer, isDraining: false) else {
            return #expect(Bool(false))
        }
        #expect(try summary(of: String(decoding: conversation.output, as: UTF8.self)) == "404")
    }

    @Test(arguments: [
        ("Content-Length: 60000\r\n\r\n", String(repeating: "x", count: 8192), 17),
        ("Transfer-Encoding: chunked\r\n\r\n", "2000\r\n" + String(repeating: "x", count: 8192), 17),
        // As much on the wire; of the body there is a sixth.
        ("Transfer-Encoding: chunked\r\n\r\n", String(repeating: "1\r\nx\r\n", count: 1366), 15),
        ("Transfer-Encoding: chunked\r\n\r\n", "1;x=\(String(repeating: "y", count: 990))\r\n", 15),
    ])
    func `gives time for the bytes of a body, and none for what its chunks need besides`(
        framing: String, body: String, seconds: Int
    ) {
        let (writer, noon) = (ResponseWriter(), Deadline.now)
        var conversation = Conversation(with: Client(.unix(path: "")), isSecure: false, limits: .init(), at: noon)
        conversation.reader.received.append(contentsOf: "POST /echo HTTP/1.1\r\nHost: h\r\n\(framing)".utf8)
        guard case .decide(let request) = conversation.next(writer, isDraining: false) else {
            return #expect(Bool(false))
        }
        _ = conversation.decide(on: request, early: nil, writer)
        conversation.reader.received.append(contentsOf: body.utf8)
        guard case .receive = conversation.next(writer, isDraining: false) else { return #expect(Bool(false)) }
        #expect(conversation.waits(at: noon, isScarce: false) == noon + .seconds(seconds))
    }

    @Test func `asks to be written before more than its measure is gathered`() throws {
        let writer = ResponseWriter()
        var conversation = Conversation(with: Client(.unix(path: "")), isSecure: false, limits: .init(), at: .now)
        conversation.reader.received.append(contentsOf: String(repeating: get, count: 500).utf8)
        let answer = Response(.ok, body: [UInt8](repeating: 120, count: 10_000))
        var gathered = 0
        while case .answer(let request) = conversation.next(writer, isDraining: false) {
            conversation.answer(request, with: answer, isDraining: false, writer)
            gathered += 1
        }
        guard case .write = conversation.next(writer, isDraining: false) else { return #expect(Bool(false)) }
        #expect(gathered == 7)
        #expect(conversation.output.count < Conversation.gatheredBytesMax + 11_000)
    }

    @Test(arguments: [nil, 0]) func `waits where nothing of an answer is taken, and loses none of it`(taken: Int?)
        throws
    {
        let writer = ResponseWriter()
        var conversation = Conversation(with: Client(.unix(path: "")), isSecure: false, limits: .init(), at: .now)
        conversation.reader.received.append(contentsOf: get.utf8)
        guard case .answer(let request) = conversation.next(writer, isDraining: false) else {
            return #expect(Bool(false))
        }
        conversation.answer(request, with: Response(.ok), isDraining: false, writer)
        let answer = conversation.output
        var sent: [UInt8] = []
        var room = [10, taken]
        let isStuck = conversation.write { piece in
            guard let count = room.removeFirst() else { return nil }
            for index in 0..<count { sent.append(piece[index]) }
            return count
        }
        #expect(isStuck == nil)
        let answers = conversation.write { piece in
            for index in 0..<piece.count { sent.append(piece[index]) }
            return piece.count
        }
        #expect(answers == 1)
        #expect(sent == answer)
    }

    @Test func `ends behind the answer in progress where the server is to end`() throws {
        let writer = ResponseWriter()
        var conversation = Conversation(with: Client(.unix(path: "")), isSecure: false, limits: .init(), at: .now)
        conversation.reader.received.append(contentsOf: get.utf8)
        guard case .answer(let request) = conversation.next(writer, isDraining: true) else {
            return #expect(Bool(false))
        }
        conversation.answer(request, with: Response(.ok), isDraining: true, writer)
        // The client has not asked for it and may be sending.
        guard case .end(lingers: true) = conversation.next(writer, isDraining: true) else {
            return #expect(Bool(false))
        }
        #expect(String(decoding: conversation.output, as: UTF8.self).contains("\r\nConnection: close\r\n"))
    }

    @Test(arguments: [
        ("GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", false),
        ("GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nG", true),
        ("nonsense\r\n\r\n", true),
    ]) func `hears a client out that may still be sending`(sent: String, lingers: Bool) {
        let writer = ResponseWriter()
        var conversation = Conversation(with: Client(.unix(path: "")), isSecure: false, limits: .init(), at: .now)
        conversation.reader.received.append(contentsOf: sent.utf8)
        switch conversation.next(writer, isDraining: false) {
        case .answer(let request): conversation.answer(request, with: Response(.ok), isDraining: false, writer)
        default: conversation.refuse(with: Response(.badRequest), writer)
        }
        guard case .end(let hears) = conversation.next(writer, isDraining: false) else { return #expect(Bool(false)) }
        #expect(hears == lingers)
    }
}
