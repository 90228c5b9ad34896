/// One OpenSSL connection, told what to do; it says what it waits for. Waiting is ``TLSStream``'s business.

internal import COpenSSL
internal import Glibc
internal import Sockets

/// How a call into OpenSSL went.
enum Step {
    case done(Int)
    case waitForReading, waitForWriting
    case failed(SocketFailed)
}

/// Owns an `SSL` and calls it. `~Copyable`, so that it is freed once.
///
/// `@unchecked`: an `SSL` may be called from any thread, by one at a time; ``TLSStream`` keeps it in a lock, ``TLSServerLayer`` on the
/// thread of its socket's loop.
struct Connection: ~Copyable, @unchecked Sendable {
    private let ssl: OpaquePointer
    private let recordsWithoutData = RecordsWithoutData()
    /// After the socket was closed its number may belong to another file; after a failure OpenSSL allows no further call.
    private enum Phase { case handshaking, open, finishedWriting, failed, closed }
    private var phase = Phase.handshaking
    private var sessionTaken = false
    private var hasWrittenLast = false

    init(context: ContextHandle, descriptor: Int32) throws(SocketFailed) {
        ErrorQueue.clear()
        guard let ssl = SSL_new(context.pointer) else { throw .layer(ErrorQueue.takeReason()) }
        guard let bio = SocketBIO.make(descriptor: descriptor) else {
            SSL_free(ssl)
            throw .layer(ErrorQueue.takeReason())
        }
        SSL_set_bio(ssl, bio, bio)
        self.ssl = ssl
        recordsWithoutData.watch(ssl)
    }

    deinit { SSL_free(ssl) }

    /// From now on a client's: `host` must be among the certificate's names (RFC 6125: no partial wildcards, never the subject).
    borrowing func expectServer(_ host: String, resuming session: Session?) throws(SocketFailed) {
        // An empty name would switch the check off, and one with NUL would be cut.
        guard !host.isEmpty, !host.utf8.contains(0), let parameters = SSL_get0_param(ssl) else {
            throw .layer("no name to verify the certificate against")
        }
        ErrorQueue.clear()
        X509_VERIFY_PARAM_set_hostflags(
            parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
        if X509_VERIFY_PARAM_set1_ip_asc(parameters, host) != 1 {
            guard X509_VERIFY_PARAM_set1_host(parameters, host, host.utf8.count) == 1, announce(host) else {
                throw .layer(ErrorQueue.takeReason())
            }
        }
        if let session { _ = SSL_set_session(ssl, session.pointer) }
        SSL_set_connect_state(ssl)
    }

    /// The name in the clear, so that the server may choose its certificate (SNI, RFC 6066 §3; names only).
    private borrowing func announce(_ host: String) -> Bool {
        var name = Array(host.utf8CString)
        return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name), &name) == 1
    }

    borrowing func expectClient() { SSL_set_accept_state(ssl) }

    mutating func handshake() -> Step {
        guard phase == .handshaking else { return .failed(.closed) }
        ErrorQueue.clear()
        let step = step(after: SSL_do_handshake(ssl), of: "handshake")
        if case .done = step {
            phase = .open
            recordsWithoutData.endHandshake()
        }
        return step
    }

    /// - Returns: how many bytes came; 0 after the other end's close_notify.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> Step {
        guard phase == .open || phase == .finishedWriting else { return .failed(.closed) }
        ErrorQueue.clear()
        let step = step(after: SSL_read(ssl, buffer.baseAddress, Int32(clamping: buffer.count)), of: "recv")
        if case .done = step { recordsWithoutData.endRow() }
        return step
    }

    /// - Returns: how many bytes were taken, at least one.
    mutating func write(_ bytes: UnsafeRawBufferPointer) -> Step {
        guard phase == .open else { return .failed(.closed) }
        ErrorQueue.clear()
        let step = step(after: SSL_write(ssl, bytes.baseAddress, Int32(clamping: bytes.count)), of: "send")
        // A socket that takes no more may still have something to read: why the other end has gone.
        if case .failed(.system) = step { phase = .finishedWriting }
        if case .done = step { hasWrittenLast = true }
        return step
    }

    /// Whether a read would find nothing: all was written a moment ago, an answer takes its time, and none lies here half read.
    mutating func readsTooEarly() -> Bool {
        defer { hasWrittenLast = false }
        return hasWrittenLast && phase == .open && SSL_has_pending(ssl) == 0
    }

    mutating func hasWord() -> Bool {
        guard phase == .open || phase == .finishedWriting else { return false }
        ErrorQueue.clear()
        var byte: UInt8 = 0
        // Without a step: what is wrong is found by reading.
        defer { ErrorQueue.clear() }
        return SSL_peek(ssl, &byte, 1) > 0
    }

    mutating func isQuiet() -> Bool {
        guard phase == .open else { return false }
        ErrorQueue.clear()
        var byte: UInt8 = 0
        guard case .waitForReading = step(after: SSL_peek(ssl, &byte, 1), of: "recv") else { return false }
        return true
    }

    /// Says close_notify, as far as the socket takes it now.
    mutating func finishWriting() {
        guard phase == .open else { return }
        ErrorQueue.clear()
        _ = SSL_shutdown(ssl)
        phase = .finishedWriting
    }

    /// No call reaches the socket any more.
    mutating func close() { phase = .closed }

    var isClosed: Bool { phase == .closed }

    /// The name chosen by ALPN; empty where none was.
    var applicationProtocol: String {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &name, &length)
        return String(decoding: UnsafeBufferPointer(start: name, count: Int(length)), as: UTF8.self)
    }

    /// `TLSv1.3`
    var version: String { String(cString: SSL_get_version(ssl)) }
    var isResumed: Bool { SSL_session_reused(ssl) == 1 }
    var isVerified: Bool { SSL_get_verify_result(ssl) == Int(X509_V_OK) }

    /// The session to resume later: asked for after the first bytes, given once.
    mutating func takeNewSession() -> Session? {
        guard !sessionTaken else { return nil }
        sessionTaken = true
        return Session(of: ssl)
    }

    private mutating func step(after result: Int32, of call: String) -> Step {
        let number = errno
        if result > 0 { return .done(Int(result)) }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .waitForReading
        case SSL_ERROR_WANT_WRITE: return .waitForWriting
        // Said of whatever fails once close_notify has come, but only a read is at its end then: a handshake has not been made, and
        // the writer would go on for ever with nothing.
        case SSL_ERROR_ZERO_RETURN where call == "recv": return .done(0)
        case SSL_ERROR_ZERO_RETURN where phase == .handshaking:
            phase = .failed
            return .failed(.layer("handshake: close notify"))
        case SSL_ERROR_SYSCALL where number != 0, SSL_ERROR_ZERO_RETURN where number != 0:
            phase = .failed
            return .failed(.system(call: call, errno: number))
        default:
            let refused = phase == .handshaking
            phase = .failed
            return .failed(.layer(refused ? handshakeRefused() : ErrorQueue.takeReason()))
        }
    }

    /// What was wrong with the certificate, where it was the certificate; else OpenSSL's words.
    private borrowing func handshakeRefused() -> String {
        let reason = ErrorQueue.takeReason()
        let verified = SSL_get_verify_result(ssl)
        guard verified != Int(X509_V_OK) else { return "handshake: \(reason)" }
        return "certificate: \(String(cString: X509_verify_cert_error_string(verified)))"
    }
}
