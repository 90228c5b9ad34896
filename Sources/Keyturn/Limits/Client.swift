/// Whom the limits count: an IPv4 address, or the first 64 bits of an IPv6 address, because a subscriber is given that many and more.
package struct Client: Sendable, Hashable {
    private let prefix: UInt64
    private let isIPv6: Bool

    /// - Parameter address: 4 or 16 bytes in network order.
    package init(address: some Collection<UInt8>) {
        isIPv6 = address.count > 4
        prefix = address.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
