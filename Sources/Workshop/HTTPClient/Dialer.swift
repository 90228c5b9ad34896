/// New connections: name to addresses, address to socket, socket to TLS.

internal import HTTP
internal import Sockets
internal import TLS

struct Dialer: Sendable {
    let origin: Origin
    let trust: TrustStore
    let loops: EventLoops
    let options: HTTPClientOptions
    let lookUp: HTTPClient.LookUp

    /// More are not tried, whatever a name server says.
    private static let addressesMax = 8

    /// Tries the addresses in the resolver's order; each gets its share of the time that is left.
    func dial(until deadline: Deadline) async throws(HTTPClientFailed) -> any ByteStream {
        let proxy = origin.isSecure ? options.proxy : nil
        let addresses = try await resolve(proxy, until: deadline)
        // Before any connection: one that waits for certificates to be read would be idle for the server.
        let context =
            origin.isSecure ? try await trust.context(until: min(deadline, .now + options.handshakeLimit)) : nil
        let socket = try await connect(to: addresses, until: deadline)
        guard let context else { return socket }
        if proxy != nil { try await openTunnel(over: socket, until: deadline) }
        do throws(SocketFailed) {
            let limit = min(deadline, .now + options.handshakeLimit)
            return try await TLSStream.connect(over: socket, to: origin.host, with: context, until: limit)
        } catch {
            throw HTTPClientFailed(.handshake, error)
        }
    }

    /// Whether the certificates that a connection was made with are those trusted now.
    func stillTrusts(_ stream: any ByteStream) -> Bool { (stream as? TLSStream).map(trust.isCurrent) ?? true }

    private func openTunnel(over socket: SocketStream, until deadline: Deadline) async throws(HTTPClientFailed) {
        let tunnel = Tunnel(
            origin: origin, userAgent: options.userAgent, deadline: min(deadline, .now + options.connectLimit))
        let opened = await withTaskCancellationHandler {
            do throws(HTTPClientFailed) {
                return Result<Void, HTTPClientFailed>.success(try await tunnel.open(over: socket))
            } catch {
                return .failure(error)
            }
        } onCancel: {
            socket.close()
        }
        do throws(HTTPClientFailed) {
            try opened.get()
        } catch {
            socket.close()
            throw error
        }
    }

    private func resolve(
        _ proxy: Proxy?, until deadline: Deadline
    ) async throws(HTTPClientFailed) -> [SocketAddress] {
        let found: [SocketAddress]
        do throws(SocketFailed) {
            let limit = min(deadline, .now + options.connectLimit)
            found = try await lookUp(proxy?.host ?? origin.host, proxy?.port ?? origin.port, limit)
        } catch {
            throw HTTPClientFailed(.resolving, error)
        }
        // What a name says may change; in the clear it goes to this machine only.
        let usable = origin.isSecure ? found : found.filter(\.isLoopback)
        guard !usable.isEmpty else { throw HTTPClientFailed(stage: .resolving, reason: "no usable address") }
        return Array(usable.prefix(Self.addressesMax))
    }

    private func connect(
        to addresses: [SocketAddress], until deadline: Deadline
    ) async throws(HTTPClientFailed) -> SocketStream {
        var failure = HTTPClientFailed(stage: .connecting, reason: "no address")
        for (tried, address) in addresses.enumerated() {
            let share = (deadline - .now) / (addresses.count - tried)
            do throws(SocketFailed) {
                return try await SocketStream.connect(
                    to: address, on: loops.next(), until: .now + min(share, options.connectLimit))
            } catch {
                failure = HTTPClientFailed(.connecting, error)
            }
        }
        throw failure
    }
}

extension SocketAddress {
    fileprivate var isLoopback: Bool {
        guard case .ip(let bytes, _) = self else { return false }
        return IPAddress(bytes: bytes)?.isLoopback ?? false
    }
}
