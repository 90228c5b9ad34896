/// Loops that end, and connections between two ends of this process.
import Foundation
import Glibc
import Sockets
import Synchronization

enum Place: CaseIterable { case ipv4, ipv6, unix }

var soon: Deadline { .now + .seconds(10) }

func withLoops(_ count: Int = 2, _ body: (EventLoops) async throws -> Void) async throws {
    let loops = try EventLoops(count: count)
    do { try await body(loops) } catch {
        await loops.shutDown()
        throw error
    }
    await loops.shutDown()
}

func temporaryPath() -> String { FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path }

func pair(_ place: Place, on loops: EventLoops) async throws -> (SocketStream, SocketStream) {
    let path = temporaryPath()
    let address: SocketAddress =
        switch place {
        case .ipv4: .ip(bytes: [127, 0, 0, 1], port: 0)
        case .ipv6: .ip(bytes: [UInt8](repeating: 0, count: 15) + [1], port: 0)
        case .unix: .unix(path: path)
        }
    defer { unlink(path) }
    let acceptor = try Acceptor(try Listener(address), on: loops.next())
    async let far = acceptor.accept(for: loops.next(), until: soon)
    let near = try await SocketStream.connect(to: acceptor.listener.address, on: loops.next(), until: soon)
    return (near, try await far)
}

/// Until the other end has finished.
func readAll(_ stream: SocketStream) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    while try await stream.read(into: &bytes, atMost: 65_536, until: soon) > 0 {}
    return bytes
}

/// A value that several tasks change.
final class Shared<Value: Sendable>: Sendable {
    private let state: Mutex<Value>
    init(_ value: Value) { state = Mutex(value) }
    var value: Value { state.withLock { $0 } }
    func change(_ body: @Sendable (inout Value) -> Void) { state.withLock { value in body(&value) } }
}
