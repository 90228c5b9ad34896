/// Settings of ``HTTPClient``, with their defaults.
package struct HTTPClientOptions: Sendable {
    /// How many connections there are at most; at least one. A request that finds all busy waits.
    package var connectionsMax = 8
    /// How long a connection is kept without use.
    package var idleLimit: Duration = .seconds(30)
    /// For a look-up of the name, and for a connection to each address.
    package var connectLimit: Duration = .seconds(5)
    package var handshakeLimit: Duration = .seconds(5)
    /// For the whole request to be taken by the other end.
    package var writeLimit: Duration = .seconds(5)
    /// From the request's last byte to the answer's first: a provider that is busy takes its time.
    package var firstByteLimit: Duration = .seconds(12)
    /// From the end of the answer's head to the end of its body, which is cut then: the head says what the answer means.
    package var bodyLimit: Duration = .seconds(5)
    /// For one `send`, from waiting for a connection to the answer's last byte.
    package var totalLimit: Duration = .seconds(15)
    /// Bytes of an answer's body that are kept; a longer one is cut. Its head is limited by ``HTTP/HeadLimits``.
    package var responseBytesMax = 64 * 1024
    /// Asked for a tunnel to the origin; nil: the origin is spoken to directly, as one in the clear always is.
    package var proxy: Proxy?
    /// Said with every request, to a proxy too: `name/version`; nil: nothing.
    package var userAgent: String?
    package init() {}
}
