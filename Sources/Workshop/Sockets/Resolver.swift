/// Names to addresses, off the loops.
import CLinux
import Glibc
import Synchronization

package enum Resolver {
    /// How many look-ups run at once; `getaddrinfo` cannot be interrupted, so one that was given up still counts.
    package static let lookupsMax = 16
    private static let running = Atomic<Int>(0)

    /// In the order of RFC 6724, each once. An address in text needs no look-up.
    /// - Throws: `.timedOut`; `.system("getaddrinfo", EAI_…)`, `EAI_AGAIN` also where ``lookupsMax`` are under way.
    package static func addresses(
        of host: String, port: UInt16, until deadline: Deadline?
    ) async throws(SocketFailed) -> [SocketAddress] {
        // C would read another host's name up to the NUL.
        if host.isEmpty || host.utf8.contains(0) { throw .system(call: "getaddrinfo", errno: EAI_NONAME) }
        if let literal = literal(host, port: port) { return [literal] }
        guard running.wrappingAdd(1, ordering: .relaxed).newValue <= lookupsMax else {
            running.wrappingSubtract(1, ordering: .relaxed)
            throw .system(call: "getaddrinfo", errno: EAI_AGAIN)
        }
        return try await Lookup(host: host, port: port).answer(until: deadline).get()
    }

    private static func literal(_ host: String, port: UInt16) -> SocketAddress? {
        for (family, size) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: size)
            if inet_pton(family, host, &bytes) == 1 { return .ip(bytes: bytes, port: port) }
        }
        return nil
    }

    /// On a thread of its own: blocks.
    fileprivate static func lookUp(_ host: String, port: UInt16) -> Result<[SocketAddress], SocketFailed> {
        defer { running.wrappingSubtract(1, ordering: .relaxed) }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV
        var first: UnsafeMutablePointer<addrinfo>?
        let failed = getaddrinfo(host, String(port), &hints, &first)
        if failed != 0 { return .failure(.system(call: "getaddrinfo", errno: failed)) }
        defer { freeaddrinfo(first) }
        var addresses: [SocketAddress] = []
        for entry in sequence(first: first, next: { $0?.pointee.ai_next }) {
            guard let entry = entry?.pointee, let form = entry.ai_addr else { break }
            let address = SocketAddress(
                UnsafeRawBufferPointer(start: form, count: Int(entry.ai_addrlen)), length: Int(entry.ai_addrlen))
            if !addresses.contains(address) { addresses.append(address) }
        }
        return .success(addresses)
    }
}

/// One look-up: the thread's answer or the deadline, whichever comes first.
private final class Lookup: Sendable {
    typealias Answer = Result<[SocketAddress], SocketFailed>
    private struct State {
        var answer: Answer?
        var waiter: CheckedContinuation<Answer, Never>?
    }

    private let host: String
    private let port: UInt16
    private let state = Mutex(State())

    init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    func answer(until deadline: Deadline?) async -> Answer {
        startThread()
        let alarm = deadline.map { deadline in
            Task {
                try await Task.sleep(for: deadline - .now)
                self.settle(.failure(.timedOut))
            }
        }
        defer { alarm?.cancel() }
        return await withCheckedContinuation { continuation in
            let answer = state.withLock { state in
                if state.answer == nil { state.waiter = continuation }
                return state.answer
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    private func startThread() {
        var thread = pthread_t()
        let box = Unmanaged.passRetained(self)
        let failed = pthread_create(
            &thread, nil,
            { argument in
                // Always what was handed to pthread_create just here.
                let lookup = Unmanaged<Lookup>.fromOpaque(argument!).takeRetainedValue()
                lookup.settle(Resolver.lookUp(lookup.host, port: lookup.port))
                return nil
            }, box.toOpaque())
        guard failed == 0 else {
            box.release()
            Resolver.gaveUp()
            return settle(.failure(.system(call: "pthread_create", errno: failed)))
        }
        pthread_detach(thread)
    }

    /// The first answer counts.
    private func settle(_ answer: Answer) {
        let waiter = state.withLock { state -> CheckedContinuation<Answer, Never>? in
            guard state.answer == nil else { return nil }
            state.answer = answer
            return state.waiter.take()
        }
        waiter?.resume(returning: answer)
    }
}

extension Resolver {
    fileprivate static func gaveUp() { running.wrappingSubtract(1, ordering: .relaxed) }
}
