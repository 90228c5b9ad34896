import Foundation
import Sockets

/// Where `serve` listens: on the sockets it was handed, else on a Unix socket, else on an address.
extension Settings.Server {
    /// - Throws: what the operator can do about it, with the key that names the place.
    func listeners() throws -> [Listener] {
        let inherited = try InheritedSockets.take()
        guard inherited.isEmpty else { return inherited }
        guard let unixSocket else {
            return [try Listener.bound(to: SocketAddress(host: host, port: port, key: .host), key: .port)]
        }
        return [try Listener.bound(to: .unix(path: unixSocket), key: .unixSocket)]
    }
}

/// Listening sockets that whoever started the process has opened (systemd's socket activation, sd_listen_fds(3)): the place is held
/// while the service is started anew, and nobody who connects meanwhile is turned away.
enum InheritedSockets {
    /// How many are taken at most.
    static let countMax = 16
    /// Where they begin, by the convention.
    private static let first: Int32 = 3

    /// Takes them over, once: no process that we start takes them for its own.
    /// - Throws: where what was handed over is no listening socket, or are too many.
    static func take(
        environment: [String: String] = ProcessInfo.processInfo.environment, from first: Int32 = first
    ) throws -> [Listener] {
        // Called at the start, before anybody else could be reading the environment.
        defer { for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsafe unsetenv(name) } }
        guard environment["LISTEN_PID"] == "\(getpid())", let text = environment["LISTEN_FDS"] else { return [] }
        guard let count = Units.integer(text), (0...Int64(countMax)).contains(count) else {
            throw ConfigurationRefused("LISTEN_FDS: must be between 0 and \(countMax)")
        }
        return try (first..<first + Int32(count)).map { descriptor in
            do { return try Listener(adopting: descriptor) } catch {
                throw ConfigurationRefused("LISTEN_FDS: descriptor \(descriptor) is not a listening socket")
            }
        }
    }
}
