/// Sessions of earlier connections, so that the next handshake needs no certificates.

internal import COpenSSL
import Synchronization

/// Sessions by the name they were verified for. Each is used once (RFC 8446 §C.4): taken out here, and put back
/// as the new one that the server sends along.
final class Sessions: Sendable {
    /// How many are kept; the oldest goes first.
    static let countMax = 32

    private let kept = Mutex<[(host: String, session: Session)]>([])

    func keep(_ session: Session, for host: String) {
        // Freed outside the lock, with the array's last reference.
        let dropped: Session? = kept.withLock { kept in
            kept.append((host, session))
            return kept.count > Self.countMax ? kept.removeFirst().session : nil
        }
        _ = dropped
    }

    /// The newest for this name.
    func take(for host: String) -> Session? {
        kept.withLock { kept in
            guard let index = kept.lastIndex(where: { $0.host == host }) else { return nil }
            return kept.remove(at: index).session
        }
    }
}

/// Owns one reference to an `SSL_SESSION`.
///
/// `@unchecked`: never changed here, and OpenSSL counts references to it atomically.
final class Session: @unchecked Sendable {
    let pointer: OpaquePointer

    /// The session of a connection; nil where the server gave none that can be resumed.
    init?(of connection: OpaquePointer) {
        guard let pointer = SSL_get1_session(connection) else { return nil }
        guard SSL_SESSION_is_resumable(pointer) == 1 else {
            SSL_SESSION_free(pointer)
            return nil
        }
        self.pointer = pointer
    }

    deinit { SSL_SESSION_free(pointer) }
}
