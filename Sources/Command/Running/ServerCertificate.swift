import Sockets
import Synchronization
import TLS

/// The certificate of our own listener. A new one may be read: connections that are there keep what they began with.
struct ServerCertificate: Sendable {
    private final class Current: Sendable {
        let context: Mutex<TLSServerContext>
        init(_ context: TLSServerContext) { self.context = Mutex(context) }
    }

    private let current: Current?

    private let keys: (certificate: Key, key: Key)

    /// - Parameter files: PEM; without them nothing is encrypted here.
    /// - Parameter keys: those that name the files.
    /// - Throws: which of the two files cannot be used, with its key.
    init(
        files: (certificate: String, key: String)?, keys: (certificate: Key, key: Key) = (.tlsCertificate, .tlsKey)
    ) throws(ConfigurationRefused) {
        self.keys = keys
        current = if let files { Current(try Self.context(of: files, keys)) } else { nil }
    }

    private static func context(
        of files: (certificate: String, key: String), _ keys: (certificate: Key, key: Key)
    ) throws(ConfigurationRefused) -> TLSServerContext {
        do { return try TLSServerContext(certificateFile: files.certificate, keyFile: files.key) } catch {
            switch error {
            case .certificate(let path, let reason):
                throw ConfigurationRefused(keys.certificate, "cannot use \(FileRefused(path, reason))")
            case .key(let path, let reason):
                throw ConfigurationRefused(keys.key, "cannot use \(FileRefused(path, reason))")
            case .settings(let reason), .trust(_, let reason): throw ConfigurationRefused(keys.certificate, reason)
            }
        }
    }

    /// The layer of one connection, from its descriptor; nil where nothing is encrypted.
    var layer: (@Sendable (Int32) throws(SocketFailed) -> any SocketLayer)? {
        guard let current else { return nil }
        return { descriptor throws(SocketFailed) in
            try TLSServerLayer(over: descriptor, with: current.context.withLock { $0 })
        }
    }

    var isUsed: Bool { current != nil }

    /// - Throws: as `init`; then the old one stays.
    func reload(_ files: (certificate: String, key: String)) throws(ConfigurationRefused) {
        let context = try Self.context(of: files, keys)
        current?.context.withLock { $0 = context }
    }
}
