/// A proxy on loopback that opens tunnels, or does not. Blocking, two threads a tunnel.

internal import Foundation
internal import Synchronization

/// Leads every tunnel to this machine, whatever the host's name, and records what it was asked for.
package final class ProxyServer: Sendable {
    package enum Manner: Sendable {
        case tunnel
        /// Opens the tunnel, and says so in these words.
        case tunnelSaying(String)
        /// These words, and then nothing until the client goes.
        case say(String)
        /// FIN without a word.
        case close
    }

    package let port: UInt16
    private let listener: Int32
    private let manner: Manner
    private let heard = Mutex<[String]>([])

    package init(_ manner: Manner = .tunnel) throws {
        self.manner = manner
        (listener, port) = try listenOnLoopback()
        Thread.detachNewThread { [listener, manner, self] in
            blockSIGPIPE()
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { break }
                Thread.detachNewThread { [weak self] in
                    blockSIGPIPE()
                    Self.serve(client, manner) { head in self?.heard.withLock { $0.append(head) } }
                    close(client)
                }
            }
            close(listener)
        }
    }

    /// The head of each request, the empty line included.
    package var heads: [String] { heard.withLock { $0 } }

    package func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private static func serve(_ client: Int32, _ manner: Manner, _ record: (String) -> Void) {
        var head: [UInt8] = []
        var byte: UInt8 = 0
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard recv(client, &byte, 1, 0) == 1 else { return }
            head.append(byte)
        }
        let text = String(decoding: head, as: UTF8.self)
        record(text)
        switch manner {
        case .close: return
        case .say(let words):
            send(words, to: client)
            while recv(client, &byte, 1, 0) > 0 {}
        case .tunnel: lead(client, to: text, saying: "HTTP/1.1 200 Connection established\r\n\r\n")
        case .tunnelSaying(let words): lead(client, to: text, saying: words)
        }
    }

    private static func lead(_ client: Int32, to head: String, saying words: String) {
        let target = head.split(separator: " ").dropFirst().first ?? ""
        guard let port = target.split(separator: ":").last.flatMap({ UInt16($0) }),
            let server = try? connectToLoopback(port)
        else { return }
        send(words, to: client)
        let back = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            blockSIGPIPE()
            relay(server, to: client)
            back.signal()
        }
        relay(client, to: server)
        back.wait()
        close(server)
    }

    private static func send(_ words: String, to descriptor: Int32) {
        let bytes = Array(words.utf8)
        _ = write(descriptor, bytes, bytes.count)
    }

    private static func relay(_ from: Int32, to: Int32) {
        var space = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = recv(from, &space, space.count, 0)
            guard count > 0, write(to, space, count) == count else { break }
        }
        shutdown(from, Int32(SHUT_RD))
        shutdown(to, Int32(SHUT_WR))
    }
}

/// - Parameter waits: until there is a connection; else it is only begun.
func connectToLoopback(_ port: UInt16, waits: Bool = true) throws -> Int32 {
    let manner = SOCK_CLOEXEC.rawValue | (waits ? 0 : SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | manner), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) { typed in
        typed.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
            connect(descriptor, raw, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 || errno == EINPROGRESS
        }
    }
    guard connected else {
        close(descriptor)
        throw CertificateFailed(call: "connect")
    }
    return descriptor
}
