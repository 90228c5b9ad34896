/// Where connections come from.
import Glibc
import Sockets
import Testing

@Suite struct `A listener` {
    @Test func `on every address takes IPv4 as IPv4`() async throws {
        try await withLoops { loops in
            let listener = try Listener(.ip(bytes: [UInt8](repeating: 0, count: 16), port: 0))
            guard case .ip(_, let port) = listener.address else { return #expect(Bool(false)) }
            let acceptor = try Acceptor(listener, on: loops.next())
            async let accepted = acceptor.accept(until: soon)
            let near = try await SocketStream.connect(
                to: .ip(bytes: [127, 0, 0, 1], port: port), on: loops.next(), until: soon)
            guard case .ip(let bytes, _) = try await accepted.peer else { return #expect(Bool(false)) }
            #expect(bytes == [127, 0, 0, 1])
            near.close()
        }
    }

    @Test func `gives its connections leave to send at once`() async throws {
        try await withLoops { loops in
            let acceptor = try Acceptor(try Listener(.ip(bytes: [127, 0, 0, 1], port: 0)), on: loops.next())
            async let accepted = acceptor.next(until: soon)
            let near = try await SocketStream.connect(to: acceptor.listener.address, on: loops.next(), until: soon)
            let taken = try await accepted
            var (isSet, length) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
            #expect(getsockopt(taken.descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &isSet, &length) == 0)
            #expect(isSet != 0)
            taken.close()
            near.close()
        }
    }

    @Test func `hands what the kernel may hold down to its connections`() async throws {
        try await withLoops { loops in
            let listener = try Listener(.ip(bytes: [127, 0, 0, 1], port: 0))
            listener.limit(KernelLimits(unacknowledged: .milliseconds(7500)))
            let acceptor = try Acceptor(listener, on: loops.next())
            async let accepted = acceptor.next(until: soon)
            let near = try await SocketStream.connect(to: listener.address, on: loops.next(), until: soon)
            let taken = try await accepted
            let options = [
                (Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT), (Int32(IPPROTO_TCP), TCP_USER_TIMEOUT),
                (SOL_SOCKET, SO_SNDBUF), (SOL_SOCKET, SO_RCVBUF),
            ]
            let values = options.map { level, name in
                var (value, length) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
                return getsockopt(taken.descriptor, level, name, &value, &length) == 0 ? value : -1
            }
            #expect(values == [16_384, 7500, 65_536, 65_536])
            taken.close()
            near.close()
        }
    }

    @Test func `replaces a Unix socket that nobody answers, and no other`() throws {
        let place = SocketAddress.unix(path: temporaryPath())
        var first: Listener? = try Listener(place)
        #expect(throws: SocketFailed.system(call: "bind", errno: EADDRINUSE)) { try Listener(place) }
        first = nil
        #expect(try Listener(place).address == place)
        #expect(first == nil)
    }

    @Test func `goes to one of those who start at once where a Unix socket was left behind`() async throws {
        let place = SocketAddress.unix(path: temporaryPath())
        _ = try Listener(place)
        let started = await withTaskGroup(of: Listener?.self) { group in
            for _ in 0..<8 { group.addTask { try? Listener(place) } }
            return await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
        }
        #expect(started.count == 1)
    }

    @Test func `does not replace a Unix socket while another start is about to`() throws {
        let directory = temporaryPath()
        #expect(mkdir(directory, 0o700) == 0)
        defer { rmdir(directory) }
        let place = SocketAddress.unix(path: directory + "/socket")
        defer { unlink(directory + "/socket") }
        _ = try Listener(place)
        // The other one has found the abandoned socket and has not listened yet.
        let other = open(directory, O_RDONLY | O_DIRECTORY)
        #expect(flock(other, LOCK_EX) == 0)
        #expect(throws: SocketFailed.system(call: "bind", errno: EADDRINUSE)) { try Listener(place) }
        close(other)
        #expect(try Listener(place).address == place)
    }

    @Test func `never takes the place of a file`() throws {
        let path = temporaryPath()
        close(open(path, O_CREAT | O_WRONLY, 0o600))
        defer { unlink(path) }
        #expect(throws: SocketFailed.system(call: "bind", errno: EADDRINUSE)) { try Listener(.unix(path: path)) }
        #expect(access(path, F_OK) == 0)
    }

    @Test func `an address in use is refused`() throws {
        let first = try Listener(.ip(bytes: [127, 0, 0, 1], port: 0))
        #expect(throws: SocketFailed.system(call: "bind", errno: EADDRINUSE)) { try Listener(first.address) }
    }

    @Test func `shares its port where all agree`() throws {
        let first = try Listener(.ip(bytes: [127, 0, 0, 1], port: 0), sharesPort: true)
        #expect(try Listener(first.address, sharesPort: true).address == first.address)
    }

    @Test func `adopts a socket that listens, and nothing else`() throws {
        let inherited = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #expect(throws: SocketFailed.system(call: "listen", errno: EINVAL)) { try Listener(adopting: inherited) }
        #expect(listen(inherited, 1) == 0)
        let listener = try Listener(adopting: inherited)
        guard case .ip(_, let port) = listener.address else { return #expect(Bool(false)) }
        #expect(port > 0)
        // Whoever handed it down may have done without.
        #expect(fcntl(inherited, F_GETFL) & O_NONBLOCK != 0)
        #expect(fcntl(inherited, F_GETFD) & FD_CLOEXEC != 0)
        listener.close()
    }

    @Test(arguments: [
        (SocketAddress.ip(bytes: [1, 2, 3], port: 1), EINVAL),
        (.unix(path: String(repeating: "a", count: 108)), ENAMETOOLONG),
        (.unix(path: "a\0b"), ENAMETOOLONG),
    ])
    func `an address that is none is refused`(address: SocketAddress, number: Int32) {
        #expect(throws: SocketFailed.system(call: "sockaddr", errno: number)) { try Listener(address) }
    }

    @Test func `lets its loop's other work have a turn while many wait to be taken`() async throws {
        try await withLoops { loops in
            let loop = loops.next()
            let acceptor = try Acceptor(try Listener(.ip(bytes: [127, 0, 0, 1], port: 0)), on: loop)
            var waiting: [SocketStream] = []
            for _ in 0..<200 {
                waiting.append(
                    try await SocketStream.connect(to: acceptor.listener.address, on: loops.next(), until: soon))
            }
            let taken = Shared(0)
            let seenBeside = Task(executorPreference: loop) {
                let taking = Task(executorPreference: loop) {
                    for _ in 0..<200 {
                        try await acceptor.next(until: soon).close()
                        taken.change { $0 += 1 }
                    }
                }
                let beside = Task(executorPreference: loop) { taken.value }
                let seen = await beside.value
                try await taking.value
                return seen
            }
            #expect(try await seenBeside.value < 100)
            #expect(taken.value == 200)
            for stream in waiting { stream.close() }
        }
    }

    @Test func `that finishes gives those who wait, closes and gives no more`() async throws {
        try await withLoops { loops in
            let loop = loops.next()
            let acceptor = try Acceptor(try Listener(.ip(bytes: [127, 0, 0, 1], port: 0)), on: loop)
            let address = acceptor.listener.address
            for _ in 0..<200 { _ = try await SocketStream.connect(to: address, on: loops.next(), until: soon) }
            acceptor.finish()
            var taken = 0
            await #expect(throws: SocketFailed.closed) {
                while true {
                    try await acceptor.next(until: soon).close()
                    taken += 1
                }
            }
            #expect(taken == 200)
            await #expect(throws: SocketFailed.system(call: "connect", errno: ECONNREFUSED)) {
                try await SocketStream.connect(to: address, on: loops.next(), until: soon)
            }
        }
    }

    @Test func `that finishes ends a wait`() async throws {
        try await withLoops { loops in
            let acceptor = try Acceptor(try Listener(.ip(bytes: [127, 0, 0, 1], port: 0)), on: loops.next())
            async let waiting: Void = {
                await #expect(throws: SocketFailed.closed) { _ = try await acceptor.next(until: soon) }
            }()
            try await Task.sleep(for: .milliseconds(10))
            acceptor.finish()
            await waiting
        }
    }

    @Test func `closed stops those who wait for a connection`() async throws {
        try await withLoops { loops in
            let acceptor = try Acceptor(try Listener(.ip(bytes: [127, 0, 0, 1], port: 0)), on: loops.next())
            async let waiting: Void = {
                await #expect(throws: SocketFailed.closed) { _ = try await acceptor.accept() }
            }()
            try await Task.sleep(for: .milliseconds(10))
            acceptor.close()
            await waiting
        }
    }
}

@Suite struct `A name` {
    @Test(arguments: [("127.0.0.1", [127, 0, 0, 1] as [UInt8]), ("::1", [UInt8](repeating: 0, count: 15) + [1])])
    func `that is an address is one`(text: String, bytes: [UInt8]) async throws {
        #expect(try await Resolver.addresses(of: text, port: 80, until: soon) == [.ip(bytes: bytes, port: 80)])
    }

    @Test func `of this machine is found`() async throws {
        let found = try await Resolver.addresses(of: "localhost", port: 80, until: soon)
        #expect(found.contains(.ip(bytes: [127, 0, 0, 1], port: 80)))
    }

    @Test(arguments: ["", "127.0.0.1\0x", "localhost\0x"]) func `that cannot be one is not looked up`(text: String)
        async
    {
        await #expect(throws: SocketFailed.system(call: "getaddrinfo", errno: EAI_NONAME)) {
            try await Resolver.addresses(of: text, port: 80, until: soon)
        }
    }
}
