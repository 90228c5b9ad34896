/// An HTTP proxy that requests go through.

internal import HTTP
internal import Sockets

/// An HTTP proxy that opens tunnels (`CONNECT`, RFC 9110 §9.3.6): `http://proxy.example.com:3128`. What goes through a tunnel is
/// encrypted for the server behind it, so the proxy sees a name and a port.
package struct Proxy: Sendable, Equatable {
    /// In lower case; an IPv6 address without its brackets.
    package let host: String
    package let port: UInt16

    /// nil for anything but `http://`, a host and perhaps a port (80): a name and a password, a path, TLS to the proxy itself.
    package init?(parsing url: String) {
        guard let (host, port) = Origin.authority(ofProxy: url) else { return nil }
        self.host = host
        self.port = port
    }
}

/// Asks a proxy, over a connection to it, for a tunnel to an origin.
struct Tunnel: Sendable {
    let origin: Origin
    let userAgent: String?
    let deadline: Deadline

    /// - Throws: where the answer is no success, or something came behind it: a server does not speak first in TLS.
    func open(over socket: SocketStream) async throws(HTTPClientFailed) {
        do throws(SocketFailed) {
            try await socket.write(request, until: deadline)
        } catch {
            throw HTTPClientFailed(.proxy, error)
        }
        var reader = ResponseReader(answering: .connect, bodyBytesMax: 0)
        while true {
            let count: Int
            do throws(SocketFailed) {
                count = try await socket.read(into: &reader.received, atMost: 1024, until: deadline)
            } catch {
                throw HTTPClientFailed(.proxy, error)
            }
            if count == 0 { throw HTTPClientFailed(stage: .proxy, reason: "closed") }
            guard let answer = try answer(from: &reader) else { continue }
            return try accept(answer, endsClean: reader.received.suffix(4).elementsEqual("\r\n\r\n".utf8))
        }
    }

    private func answer(from reader: inout ResponseReader) throws(HTTPClientFailed) -> ReceivedResponse? {
        do throws(ResponseRefused) {
            return try reader.next()
        } catch {
            throw HTTPClientFailed(stage: .proxy, reason: "answer refused: \(error)")
        }
    }

    private func accept(_ answer: ReceivedResponse, endsClean: Bool) throws(HTTPClientFailed) {
        guard (200...299).contains(answer.status.code) else {
            throw HTTPClientFailed(stage: .proxy, reason: "answered \(answer.status.code)")
        }
        guard endsClean else { throw HTTPClientFailed(stage: .proxy, reason: "said more than it was asked") }
    }

    /// Names and our version only: the fields for the server are inside the tunnel.
    private var request: [UInt8] {
        let target = origin.authority
        let agent = userAgent.map { "User-Agent: \($0)\r\n" } ?? ""
        return Array("CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n\(agent)\r\n".utf8)
    }
}
