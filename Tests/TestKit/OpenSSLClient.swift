/// A client that does what ours does not, on OpenSSL alone.

internal import COpenSSL
internal import Foundation

package enum OpenSSLClient {
    /// Connects to `port`, changes its key (KeyUpdate, RFC 8446 §4.6.3) so many times in a row, sends `text`, and does that as often as `rounds` says.
    /// - Returns: whether all of it could be sent.
    package static func send(_ text: String, after updates: Int, rounds: Int = 1, to port: UInt16) async -> Bool {
        await onThread { sendBlocking(text, after: updates, rounds: rounds, to: port) }
    }

    /// Connects to `port` with this version, and reads to the end.
    /// - Returns: whether it was given a session that could be resumed; nil where there was no handshake.
    package static func isGivenSession(speaking version: Int32, by port: UInt16) async -> Bool? {
        await onThread {
            withConnection(to: port, speaking: version) { ssl in
                var space = [UInt8](repeating: 0, count: 100)
                while SSL_read(ssl, &space, Int32(space.count)) > 0 {}
                return SSL_SESSION_is_resumable(SSL_get_session(ssl)) == 1
            }
        }
    }

    /// Connects to `port` with this version (0: any), sends `text`, and reads to the end.
    /// - Parameter endingWithoutNotify: finishes sending on the socket alone (FIN without close_notify).
    /// - Returns: what came, and whether it ended with close_notify; nil where there was no handshake.
    package static func ask(
        _ text: String, speaking version: Int32 = 0, endingWithoutNotify: Bool, to port: UInt16
    ) async -> (text: String, isEnded: Bool)? {
        await onThread {
            withConnection(to: port, speaking: version) { ssl in
                guard SSL_write(ssl, text, Int32(text.utf8.count)) > 0 else { return ("", false) }
                if endingWithoutNotify { shutdown(SSL_get_fd(ssl), Int32(SHUT_WR)) }
                var (bytes, space): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 0, count: 4096))
                var count = SSL_read(ssl, &space, Int32(space.count))
                while count > 0 {
                    bytes += space[..<Int(count)]
                    count = SSL_read(ssl, &space, Int32(space.count))
                }
                // Neither an alert nor the bare end of the connection.
                return (String(decoding: bytes, as: UTF8.self), SSL_get_error(ssl, count) == SSL_ERROR_ZERO_RETURN)
            }
        }
    }

    private static func onThread<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                blockSIGPIPE()
                continuation.resume(returning: work())
            }
        }
    }

    private static func withConnection<Result>(
        to port: UInt16, speaking version: Int32 = 0, _ body: (OpaquePointer) -> Result
    ) -> Result? {
        guard let context = SSL_CTX_new(TLS_client_method()), let ssl = SSL_new(context) else { return nil }
        defer {
            SSL_free(ssl)
            SSL_CTX_free(context)
        }
        SSL_ctrl(ssl, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(version), nil)
        guard let bio = BIO_new_connect("127.0.0.1:\(port)") else { return nil }
        SSL_set_bio(ssl, bio, bio)
        guard SSL_connect(ssl) == 1 else { return nil }
        return body(ssl)
    }

    private static func sendBlocking(_ text: String, after updates: Int, rounds: Int, to port: UInt16) -> Bool {
        withConnection(to: port) { ssl in
            for _ in 0..<rounds {
                for _ in 0..<updates {
                    guard SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1, SSL_do_handshake(ssl) == 1 else {
                        return false
                    }
                }
                guard SSL_write(ssl, text, Int32(text.utf8.count)) > 0 else { return false }
            }
            SSL_shutdown(ssl)
            return true
        } ?? false
    }
}
