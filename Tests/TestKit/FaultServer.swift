/// A server on loopback that records requests and answers by a script: well, late, in part or with lies.
/// Blocking, a thread a connection, and on OpenSSL alone: it shares no code with what it tests.

internal import Foundation
internal import COpenSSL
internal import Synchronization

/// What is done with one request.
package enum Answer: Sendable {
    /// A whole answer with its `Content-Length`; the connection stays open.
    case respond(Int, fields: [(String, String)] = [], body: String = "")
    /// The same, but the connection ends after it without `Connection: close` having been said.
    case respondAndClose(Int, body: String = "")
    /// These bytes; the connection stays open.
    case raw(String)
    /// These bytes, then close_notify and FIN.
    case rawAndClose(String)
    /// These bytes, then FIN without close_notify.
    case rawAndTruncate(String)
    /// These bytes, then RST.
    case rawAndReset(String)
    /// These bytes one by one.
    case dribble(String, everyMilliseconds: UInt32)
    /// These bytes after a while.
    case late(String, afterMilliseconds: UInt32)
    /// Nothing for a while, then close_notify and FIN.
    case closeLate(afterMilliseconds: UInt32)
    /// Some bytes, and others after a while.
    case twice(String, String, afterMilliseconds: UInt32)
    /// So many times the wish for another handshake (HelloRequest, RFC 5246 §7.4.1.1), then 200.
    case wishForHandshake(times: Int)
    /// Nothing, until the client goes.
    case stall
}

/// What is done with one connection.
package enum Welcome: Sendable {
    case serve
    /// Not a byte, until the client goes: no handshake.
    case stall
    /// FIN at once.
    case close
    /// RST at once.
    case reset
    /// An HTTP answer in the clear, where a handshake was expected.
    case plaintext
    /// A whole handshake, then RST.
    case resetAfterHandshake
    /// A whole handshake, then these bytes after the first head, in pieces that come one after the other, without reading on; then RST,
    /// or nothing more.
    case answerEarly([String], resets: Bool)
    /// A fatal alert in the place of a handshake.
    case alert(UInt8)
    /// The end of a connection, as TLS says it, in the place of a handshake.
    case closeNotify
    /// A whole handshake, then these bytes before it is served.
    case serveAfterSaying(String)
    /// A whole handshake, then these pieces, a moment between them, before it is served.
    case serveAfterSayingInPieces([String])
    /// A whole handshake, then bytes in the clear.
    case garbleAfterHandshake
}

package struct RecordedRequest: Sendable {
    package let method: String
    package let target: String
    package let fields: [(name: String, value: String)]
    package let body: [UInt8]
    /// Counts from 0, in the order they were accepted.
    package let connection: Int
    /// The name the client sent in the clear; nil without one.
    package let serverName: String?
    package let sessionWasResumed: Bool

    /// The first value of a field, its name compared in ASCII without case.
    package subscript(name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

package final class FaultServer: Sendable {
    package enum Security: Sendable {
        case none
        case tls(ServerIdentity)
        case tls12(ServerIdentity)
        /// TLS 1.1 at most, however weak.
        case outdated(ServerIdentity)
    }

    package let port: UInt16
    private let listener: Int32
    private let context: ServerContext?
    private let state = Mutex(State())

    private struct State {
        var welcomes: [Welcome] = []
        var answers: [Answer] = []
        var otherwise: Answer = .respond(200)
        var requests: [RecordedRequest] = []
        var connectionCount = 0
        var open: Set<Int32> = []
        var isStopped = false
        var hasEnded = false
    }

    /// - Parameter welcomes: for the first connections; those after are served.
    /// - Parameter answers: for the first requests; those after get `otherwise`.
    package init(
        _ security: Security, welcomes: [Welcome] = [], answers: [Answer] = [], otherwise: Answer = .respond(200)
    ) throws {
        context = try ServerContext(security)
        (listener, port) = try listenOnLoopback()
        state.withLock { state in
            state.welcomes = welcomes
            state.answers = answers
            state.otherwise = otherwise
        }
        Thread.detachNewThread { [self] in acceptAll() }
    }

    /// Every request so far, in the order they were complete.
    package var requests: [RecordedRequest] { state.withLock { $0.requests } }
    /// How many connections were accepted.
    package var connectionCount: Int { state.withLock { $0.connectionCount } }
    /// How many connections are open now.
    package var openCount: Int { state.withLock { $0.open.count } }
    /// Whether nobody listens any more: some moments after ``stop()``.
    package var hasEnded: Bool { state.withLock { $0.hasEnded } }

    /// What the next requests get, before `otherwise` again.
    package func answerNext(with answers: Answer...) { state.withLock { $0.answers.append(contentsOf: answers) } }
    package func answerOtherwise(with answer: Answer) { state.withLock { $0.otherwise = answer } }

    /// Ends every connection that is open now, in the middle of whatever it does.
    package func dropConnections() {
        state.withLock { state in
            for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// Ends the listener and every connection.
    package func stop() {
        let first = state.withLock { state in
            defer { state.isStopped = true }
            return !state.isStopped
        }
        guard first else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        dropConnections()
    }

    private func acceptAll() {
        blockSIGPIPE()
        defer {
            close(listener)
            state.withLock { $0.hasEnded = true }
        }
        while true {
            let descriptor = accept(listener, nil, nil)
            let (welcome, number) = state.withLock { state -> (Welcome?, Int) in
                guard descriptor >= 0, !state.isStopped else { return (nil, 0) }
                defer { state.connectionCount += 1 }
                state.open.insert(descriptor)
                return (state.welcomes.isEmpty ? .serve : state.welcomes.removeFirst(), state.connectionCount)
            }
            guard let welcome else {
                if descriptor >= 0 { close(descriptor) }
                return
            }
            Thread.detachNewThread { [self] in serve(descriptor, welcome, number) }
        }
    }

    private func serve(_ descriptor: Int32, _ welcome: Welcome, _ number: Int) {
        blockSIGPIPE()
        // No thread of a test outlives it by much.
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var noDelay: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &noDelay, socklen_t(MemoryLayout<Int32>.size))
        let wire = Wire(descriptor: descriptor, context: context)
        defer {
            // Forgotten before it is closed: the number may be another connection's at once.
            _ = state.withLock { $0.open.remove(descriptor) }
            wire.free()
            close(descriptor)
        }
        switch welcome {
        case .close: return wire.finish()
        case .reset: return wire.reset()
        case .stall: return wire.waitForEnd()
        case .plaintext:
            return wire.sendInTheClear(
                Array("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".utf8))
        case .alert(let number): return wire.sendInTheClear([0x15, 3, 3, 0, 2, 2, number])
        case .closeNotify: return wire.sendInTheClear([0x15, 3, 3, 0, 2, 1, 0])
        case .serve, .serveAfterSaying, .serveAfterSayingInPieces, .resetAfterHandshake, .answerEarly,
            .garbleAfterHandshake:
            break
        }
        guard wire.handshake() else { return }
        switch welcome {
        case .resetAfterHandshake: return wire.reset()
        case .serveAfterSaying(let text): guard wire.send(text) else { return }
        case .serveAfterSayingInPieces(let pieces):
            for piece in pieces {
                guard wire.send(piece) else { return }
                usleep(100_000)
            }
        case .garbleAfterHandshake: return wire.sendInTheClear(Array("no record at all".utf8))
        case .answerEarly(let pieces, let resets): return wire.answerEarly(pieces, resets: resets)
        default: break
        }
        while let request = wire.readRequest(connection: number) {
            let answer = state.withLock { state in
                state.requests.append(request)
                return state.answers.isEmpty ? state.otherwise : state.answers.removeFirst()
            }
            guard wire.act(answer) else { return }
        }
        wire.sayCloseNotify()
    }
}

/// The other side of a connection, encrypted or not.
private struct Wire {
    let descriptor: Int32
    let ssl: OpaquePointer?

    init(descriptor: Int32, context: ServerContext?) {
        self.descriptor = descriptor
        ssl = context.flatMap { SSL_new($0.pointer) }
        if let ssl { SSL_set_fd(ssl, descriptor) }
    }

    func free() { SSL_free(ssl) }

    func handshake() -> Bool {
        guard let ssl else { return true }
        return SSL_accept(ssl) == 1
    }

    /// - Returns: whether all could be sent.
    func wishForHandshake(times: Int) -> Bool {
        guard let ssl else { return false }
        return (0..<times).allSatisfy { _ in SSL_renegotiate(ssl) == 1 && SSL_do_handshake(ssl) == 1 }
    }

    /// - Returns: whether the connection goes on.
    func act(_ answer: Answer) -> Bool {
        switch answer {
        case .respond(let status, let fields, let body):
            return send(whole(status, fields, body))
        case .respondAndClose(let status, let body):
            _ = send(whole(status, [], body))
            sayCloseNotify()
            return false
        case .raw(let text):
            return send(text)
        case .rawAndClose(let text):
            _ = send(text)
            sayCloseNotify()
            return false
        case .rawAndTruncate(let text):
            _ = send(text)
            return false
        case .rawAndReset(let text):
            _ = send(text)
            reset()
            return false
        case .dribble(let text, let milliseconds):
            for byte in text.utf8 {
                guard send(String(decoding: [byte], as: UTF8.self)) else { return false }
                usleep(milliseconds * 1000)
            }
            return true
        case .late(let text, let milliseconds):
            usleep(milliseconds * 1000)
            return send(text)
        case .closeLate(let milliseconds):
            usleep(milliseconds * 1000)
            sayCloseNotify()
            return false
        case .twice(let first, let second, let milliseconds):
            guard send(first) else { return false }
            usleep(milliseconds * 1000)
            return send(second)
        case .wishForHandshake(let times):
            _ = wishForHandshake(times: times) && send(whole(200, [], ""))
            // Whoever was refused its wish ends the connection, and closing would make the client lose what it has not read.
            waitForEnd()
            return false
        case .stall:
            waitForEnd()
            return false
        }
    }

    private func whole(_ status: Int, _ fields: [(String, String)], _ body: String) -> String {
        let lines = fields.map { "\($0.0): \($0.1)\r\n" }.joined()
        return "HTTP/1.1 \(status) Scripted\r\n\(lines)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    func send(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty else { return true }
        guard let ssl else { return write(descriptor, bytes, bytes.count) == bytes.count }
        return SSL_write(ssl, bytes, Int32(bytes.count)) == Int32(bytes.count)
    }

    /// What was not read of the request makes the close that follows send RST.
    func answerEarly(_ pieces: [String], resets: Bool) {
        var bytes: [UInt8] = []
        while bytes.firstRange(of: Array("\r\n\r\n".utf8)) == nil {
            guard receive(into: &bytes) else { return }
        }
        for piece in pieces {
            guard send(piece) else { return }
            if piece != pieces.last { usleep(100_000) }
        }
        guard !resets else { return }
        // `POLLRDHUP`, which Glibc gives only to who asks for more than POSIX.
        var gone = pollfd(fd: descriptor, events: 0x2000, revents: 0)
        poll(&gone, 1, 20_000)
    }

    func sendInTheClear(_ bytes: [UInt8]) {
        _ = write(descriptor, bytes, bytes.count)
        waitForEnd()
    }

    func sayCloseNotify() {
        guard let ssl else { return }
        _ = SSL_shutdown(ssl)
    }

    /// The close that follows sends RST.
    func reset() {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    }

    /// FIN; what has come is read, as closing with unread bytes would be RST.
    func finish() {
        shutdown(descriptor, Int32(SHUT_WR))
        waitForEnd()
    }

    func waitForEnd() {
        var space = [UInt8](repeating: 0, count: 4096)
        while recv(descriptor, &space, space.count, 0) > 0 {}
    }

    /// Just enough of a parser: the head, and a body of `Content-Length`. nil when the client has gone.
    func readRequest(connection: Int) -> RecordedRequest? {
        var bytes: [UInt8] = []
        let end = Array("\r\n\r\n".utf8)
        var headEnd: Int?
        while headEnd == nil {
            guard receive(into: &bytes) else { return nil }
            headEnd = bytes.firstRange(of: end)?.upperBound
        }
        guard let headEnd else { return nil }
        let lines = String(decoding: bytes[..<(headEnd - end.count)], as: UTF8.self).split(separator: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count == 3 else { return nil }
        let fields = lines.dropFirst().map { line -> (name: String, value: String) in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.dropFirst().joined().trimmingCharacters(in: .whitespaces))
        }
        let length = fields.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) } ?? 0
        while bytes.count < headEnd + length {
            guard receive(into: &bytes) else { return nil }
        }
        return RecordedRequest(
            method: String(words[0]), target: String(words[1]), fields: fields,
            body: Array(bytes[headEnd..<(headEnd + length)]), connection: connection,
            serverName: ssl.flatMap { SSL_get_servername($0, TLSEXT_NAMETYPE_host_name) }.map { String(cString: $0) },
            sessionWasResumed: ssl.map { SSL_session_reused($0) == 1 } ?? false)
    }

    private func receive(into bytes: inout [UInt8]) -> Bool {
        var space = [UInt8](repeating: 0, count: 16_384)
        let count =
            ssl.map { Int(SSL_read($0, &space, Int32(space.count))) } ?? recv(descriptor, &space, space.count, 0)
        guard count > 0 else { return false }
        bytes.append(contentsOf: space[..<count])
        return true
    }
}

/// `@unchecked`: configured in `init`, then only counted by OpenSSL.
private final class ServerContext: @unchecked Sendable {
    let pointer: OpaquePointer

    init?(_ security: FaultServer.Security) throws {
        let identity: ServerIdentity
        switch security {
        case .none: return nil
        case .tls(let given), .tls12(let given), .outdated(let given): identity = given
        }
        guard let pointer = SSL_CTX_new(TLS_server_method()) else { throw CertificateFailed(call: "SSL_CTX_new") }
        self.pointer = pointer
        // Whatever is wrong with a certificate or a version is the client's to notice.
        SSL_CTX_set_security_level(pointer, 0)
        if case .tls12 = security { SSL_CTX_ctrl(pointer, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(TLS1_2_VERSION), nil) }
        if case .outdated = security {
            SSL_CTX_ctrl(pointer, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_VERSION), nil)
            SSL_CTX_ctrl(pointer, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(TLS1_1_VERSION), nil)
            SSL_CTX_set_cipher_list(pointer, "ALL:@SECLEVEL=0")
        }
        guard SSL_CTX_use_certificate_chain_file(pointer, identity.certificateFile) == 1,
            SSL_CTX_use_PrivateKey_file(pointer, identity.keyFile, SSL_FILETYPE_PEM) == 1
        else { throw CertificateFailed(call: "SSL_CTX_use_PrivateKey_file") }
    }

    deinit { SSL_CTX_free(pointer) }
}

/// SIGPIPE stays pending in this thread alone; the process keeps its own way with the signal, which is under test.
package func blockSIGPIPE() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
}

/// A listening socket on a free port.
func listenOnLoopback() throws -> (descriptor: Int32, port: UInt16) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { typed in
        typed.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
            bind(descriptor, raw, length) == 0 && listen(descriptor, 128) == 0
                && getsockname(descriptor, raw, &length) == 0
        }
    }
    guard bound else { throw CertificateFailed(call: "bind") }
    return (descriptor, UInt16(bigEndian: address.sin_port))
}
