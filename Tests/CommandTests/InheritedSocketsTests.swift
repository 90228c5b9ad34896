/// Listening sockets that another process has opened.
import Glibc
import Sockets
import Testing

@testable import Command

@Suite struct `A socket that was handed over` {
    /// Some place in the table of descriptors where nothing else is.
    private static let place: Int32 = 700

    private func environment(_ count: String, pid: Int32 = getpid()) -> [String: String] {
        ["LISTEN_PID": "\(pid)", "LISTEN_FDS": count]
    }

    @Test func `is listened on`() throws {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #expect(listen(socket, 1) == 0)
        #expect(dup2(socket, Self.place) == Self.place)
        close(socket)
        let listeners = try InheritedSockets.take(environment: environment("1"), from: Self.place)
        guard listeners.count == 1, case .ip(_, let port) = listeners[0].address else { return #expect(Bool(false)) }
        #expect(port > 0)
        #expect(fcntl(Self.place, F_GETFD) == FD_CLOEXEC)
    }

    @Test func `for another process is not taken`() throws {
        #expect(try InheritedSockets.take(environment: environment("1", pid: 1), from: Self.place + 1).isEmpty)
        #expect(try InheritedSockets.take(environment: [:], from: Self.place + 1).isEmpty)
        #expect(try InheritedSockets.take(environment: environment("0"), from: Self.place + 1).isEmpty)
    }

    @Test(arguments: ["-1", "17", "many", "", "99999999999999999999"])
    func `in an unbelievable number is refused`(count: String) {
        #expect(throws: ConfigurationRefused("LISTEN_FDS: must be between 0 and 16")) {
            try InheritedSockets.take(environment: environment(count), from: Self.place + 2)
        }
    }

    @Test func `that is none is refused`() {
        #expect(throws: ConfigurationRefused("LISTEN_FDS: descriptor 703 is not a listening socket")) {
            try InheritedSockets.take(environment: environment("1"), from: Self.place + 3)
        }
    }
}
