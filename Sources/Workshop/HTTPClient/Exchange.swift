/// One request and its answer, over one connection.

internal import HTTP
internal import Sockets

/// How an exchange failed.
struct ExchangeFailed: Error {
    let failure: HTTPClientFailed
    /// Whether the server has most likely not read the request: not all of it could be written, or a connection that was kept ended in
    /// the moment it was used again, before a byte of an answer came (RFC 9112 §9.3.1).
    let maySendAgain: Bool
}

/// An answer, and whether another request may follow over its connection.
struct Exchanged: Sendable {
    let response: ReceivedResponse
    let isReusable: Bool
}

struct Exchange: Sendable {
    let method: Method
    /// Head and body.
    let request: [UInt8]
    let options: HTTPClientOptions
    let deadline: Deadline

    /// How much is read at once.
    private static let readBytesMax = 16 * 1024
    /// How much is written before the client looks for a response: a server that refuses a request need not read all of it.
    private static let writeBytesMax = 16 * 1024
    /// A connection that ends so soon after the request's last byte was being closed meanwhile. A server that takes longer has read the
    /// request, and sending it again would be doing twice what it asks for.
    private static let crossingLimit: Duration = .seconds(1)

    /// - Parameter isKept: whether the connection was used before. What came over it since, or its end, would be taken for the answer.
    func run(over stream: any ByteStream, isKept: Bool) async throws(ExchangeFailed) -> Exchanged {
        if isKept, !stream.isQuiet {
            let failure = HTTPClientFailed(stage: .sending, reason: "the kept connection has ended or spoken unasked")
            throw ExchangeFailed(failure: failure, maySendAgain: true)
        }
        var sending = Sending(request: request, until: min(deadline, .now + options.writeLimit))
        var reader = ResponseReader(answering: method, bodyBytesMax: options.responseBytesMax)
        // Where an answer comes before all was written, nothing more needs to be (RFC 9112 §9.5). An interim one asks for the rest.
        while !sending.isDone, !reader.hasBegun, try await send(&sending, over: stream) {
            guard !sending.isDone, stream.hasWord else { continue }
            if let early = try await receive(from: stream, into: &reader, after: sending, until: sending.limit) {
                return Exchanged(response: early, isReusable: false)
            }
        }
        let firstByte = min(deadline, .now + options.firstByteLimit)
        var bodyEnd: Deadline?
        while true {
            if reader.isDecided, bodyEnd == nil { bodyEnd = min(deadline, .now + options.bodyLimit) }
            let limit = bodyEnd ?? (reader.received.isEmpty ? firstByte : deadline)
            if let response = try await receive(from: stream, into: &reader, after: sending, until: limit) {
                return Exchanged(response: response, isReusable: sending.isDone && response.keepsAlive)
            }
        }
    }

    /// How much of the request is on its way.
    private struct Sending {
        let limit: Deadline
        private(set) var unsent: ArraySlice<UInt8>
        /// When the last byte was taken by the kernel; nil before.
        private var end: Deadline?

        init(request: [UInt8], until limit: Deadline) {
            unsent = request[...]
            self.limit = limit
        }

        var isDone: Bool { unsent.isEmpty }

        mutating func sent(_ count: Int) {
            unsent.removeFirst(count)
            if unsent.isEmpty { end = .now }
        }

        /// Whether the server may have gone before it read the request.
        var hasCrossed: Bool { end.map { Deadline.now - $0 <= Exchange.crossingLimit } ?? true }
    }

    /// Takes the next piece off what is unsent.
    /// - Returns: false where the other end takes no more because it has answered.
    private func send(_ sending: inout Sending, over stream: any ByteStream) async throws(ExchangeFailed) -> Bool {
        let piece = sending.unsent.prefix(Self.writeBytesMax)
        do throws(SocketFailed) {
            try await stream.write(piece.count == request.count ? request : Array(piece), until: sending.limit)
            sending.sent(piece.count)
            return true
        } catch {
            // The other end may have said why before it went, or stopped reading because it has answered.
            if error != .closed, stream.hasWord { return false }
            throw ExchangeFailed(failure: HTTPClientFailed(.sending, error), maySendAgain: error != .timedOut)
        }
    }

    /// - Returns: nil where the answer is not whole yet. One whose head is whole and whose body is not to be had is an answer: it was
    ///   decided by its head.
    private func receive(
        from stream: any ByteStream, into reader: inout ResponseReader, after sending: Sending, until limit: Deadline
    ) async throws(ExchangeFailed) -> ReceivedResponse? {
        do throws(ExchangeFailed) {
            let isMore = try await readMore(of: stream, into: &reader, after: sending, until: limit)
            do throws(ResponseRefused) {
                return isMore ? try reader.next() : try reader.finish()
            } catch {
                // A request that is not out whole is none that was acted on, whatever the other end says.
                let stage: HTTPClientFailed.Stage = sending.isDone ? .receiving : .sending
                let failure = HTTPClientFailed(stage: stage, reason: "answer refused: \(error)")
                throw ExchangeFailed(failure: failure, maySendAgain: false)
            }
        } catch {
            if let begun = reader.begun { return begun }
            throw error
        }
    }

    /// - Returns: false at the end of what the server sends.
    private func readMore(
        of stream: any ByteStream, into reader: inout ResponseReader, after sending: Sending, until limit: Deadline
    ) async throws(ExchangeFailed) -> Bool {
        let isUnanswered = reader.received.isEmpty
        do throws(SocketFailed) {
            let count = try await stream.read(into: &reader.received, atMost: Self.readBytesMax, until: limit)
            if count == 0, isUnanswered { throw .closed }
            return count > 0
        } catch {
            let stage: HTTPClientFailed.Stage = !sending.isDone ? .sending : isUnanswered ? .waiting : .receiving
            throw ExchangeFailed(
                failure: HTTPClientFailed(stage, error),
                maySendAgain: isUnanswered && error != .timedOut && sending.hasCrossed)
        }
    }
}
