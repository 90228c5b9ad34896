/// Who is at the other end, for counting.
import HTTP
import Sockets

/// One IPv4 address or one IPv6 /64, which is what one customer has.
struct Client: Hashable, Sendable {
    /// Of the socket's other end; a Unix socket counts as loopback.
    let address: IPAddress
    /// nil: not counted by itself. All of a proxy's clients come through one address, or through one Unix socket.
    private let network: ArraySlice<UInt8>?

    init(_ peer: SocketAddress, proxies: [CIDR] = []) {
        switch peer {
        case .ip(let bytes, _):
            let address = IPAddress(bytes: bytes) ?? .loopback
            self.address = address
            let isProxy = proxies.contains { $0.contains(address) }
            network = isProxy ? nil : bytes.prefix(bytes.count == 4 ? 4 : 8)
        case .unix:
            address = .loopback
            network = nil
        }
    }

    var isCounted: Bool { network != nil }

    static func == (one: Client, other: Client) -> Bool { one.network == other.network }
    func hash(into hasher: inout Hasher) { hasher.combine(network) }
}
