package import HTTP
package import Sockets

/// Settings of ``HTTPServer``, with their defaults.
package struct HTTPServerOptions: Sendable {
    package var limits = HTTPServerLimits()
    /// Written into every answer, the parser's own included: security headers, already serialised (`Name: value\r\n`…).
    package var commonFields: [UInt8] = []
    /// The answer to what never reached a responder (400, 408, 413 …): `code` is stable and machine-readable, `detail` is one sentence.
    package var refusal: @Sendable (Status, _ code: String, _ detail: String) -> Response = { status, _, _ in
        Response(status)
    }
    /// How long ``HTTPServer/shutDown()`` lets answers in progress take.
    package var shutdownGrace: Duration = .seconds(10)
    /// nil: plain text. Otherwise makes the layer of each accepted socket (TLS) when its first byte has come; that and its handshake have
    /// a head's time.
    package var secure: MakeSocketLayer?
    /// How long a listener may stay deaf: then `HTTPServer.run()` ends with the reason, so that the process does and is started anew.
    package var deafnessMax: Duration = .seconds(10)
    /// Whose connections are not counted as one client's: many clients come through them.
    package var trustedProxies: [CIDR] = []
    package init() {}
}
