/// A client that changes its key again and again (KeyUpdate, RFC 8446 §4.6.3), on OpenSSL alone.

internal import COpenSSL
internal import Foundation

package enum KeyChanger {
    /// Connects to `port`, changes its key so many times in a row, sends `text`, and does that as often as `rounds` says.
    /// - Returns: whether all of it could be sent.
    package static func send(_ text: String, after updates: Int, rounds: Int = 1, to port: UInt16) async -> Bool {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                blockSIGPIPE()
                continuation.resume(returning: sendBlocking(text, after: updates, rounds: rounds, to: port))
            }
        }
    }

    private static func sendBlocking(_ text: String, after updates: Int, rounds: Int, to port: UInt16) -> Bool {
        guard let context = SSL_CTX_new(TLS_client_method()), let ssl = SSL_new(context) else { return false }
        defer {
            SSL_free(ssl)
            SSL_CTX_free(context)
        }
        guard let bio = BIO_new_connect("127.0.0.1:\(port)") else { return false }
        SSL_set_bio(ssl, bio, bio)
        guard SSL_connect(ssl) == 1 else { return false }
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
    }
}
