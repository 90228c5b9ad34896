/// One request and its answer, over one connection.

internal import HTTP
internal import Sockets
internal import TLS

/// How an exchange failed.
struct ExchangeFailed: Error {
    let failure: HTTPClientFailed
    /// The connection ended before a byte of an answer came. Where it had been used before, the server may have closed
    /// it while the request was under way, without having read it.
    let endedUnanswered: Bool
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
    let options: HTTPClient.Options
    let deadline: Deadline

    /// How much is read at once.
    private static let readBytesMax = 16 * 1024
    /// How much is written before a look whether the answer is there: whoever refuses a request need not read all of it.
    private static let writeBytesMax = 16 * 1024

    func run(over stream: any ByteStream) async throws(ExchangeFailed) -> Exchanged {
        var reader = ResponseReader(answering: method, bodyBytesMax: options.responseBytesMax)
        let write = min(deadline, .now + options.writeLimit)
        var unsent = request[...]
        // Where an answer comes before all was written, nothing more needs to be (RFC 9112 §9.5).
        while !unsent.isEmpty, !reader.hasBegun, try await send(&unsent, over: stream, until: write) {
            guard !unsent.isEmpty, stream.hasWord else { continue }
            if let early = try await receive(from: stream, into: &reader, until: write) {
                return Exchanged(response: early, isReusable: false)
            }
        }
        let firstByte = min(deadline, .now + options.firstByteLimit)
        while true {
            let limit = reader.received.isEmpty ? firstByte : deadline
            if let response = try await receive(from: stream, into: &reader, until: limit) {
                return Exchanged(response: response, isReusable: unsent.isEmpty && response.keepsAlive)
            }
        }
    }

    /// Takes the next piece off `unsent`.
    /// - Returns: false where the other end takes no more because it has answered.
    private func send(
        _ unsent: inout ArraySlice<UInt8>, over stream: any ByteStream, until limit: Deadline
    ) async throws(ExchangeFailed) -> Bool {
        let piece = unsent.prefix(Self.writeBytesMax)
        do throws(SocketFailed) {
            try await stream.write(piece.count == request.count ? request : Array(piece), until: limit)
            unsent.removeFirst(piece.count)
            return true
        } catch {
            // The other end may have said why before it went, or stopped reading because it has answered.
            if error != .closed, stream.hasWord { return false }
            throw failed(.sending, error, unanswered: true)
        }
    }

    /// - Returns: nil where the answer is not whole yet.
    private func receive(
        from stream: any ByteStream, into reader: inout ResponseReader, until limit: Deadline
    ) async throws(ExchangeFailed) -> ReceivedResponse? {
        let isMore = try await readMore(of: stream, into: &reader, until: limit)
        do throws(ResponseRefused) {
            return isMore ? try reader.next() : try reader.finish()
        } catch {
            throw refused(error)
        }
    }

    /// - Returns: false at the end of what the server sends.
    private func readMore(
        of stream: any ByteStream, into reader: inout ResponseReader, until limit: Deadline
    ) async throws(ExchangeFailed) -> Bool {
        let isUnanswered = reader.received.isEmpty
        do throws(SocketFailed) {
            let count = try await stream.read(into: &reader.received, atMost: Self.readBytesMax, until: limit)
            if count == 0, isUnanswered { throw .closed }
            return count > 0
        } catch {
            throw failed(isUnanswered ? .waiting : .receiving, error, unanswered: isUnanswered)
        }
    }

    private func failed(
        _ stage: HTTPClientFailed.Stage, _ reason: SocketFailed, unanswered: Bool
    ) -> ExchangeFailed {
        ExchangeFailed(
            failure: HTTPClientFailed(stage, reason), endedUnanswered: unanswered && reason != .timedOut)
    }

    private func refused(_ reason: ResponseRefused) -> ExchangeFailed {
        ExchangeFailed(
            failure: HTTPClientFailed(stage: .receiving, reason: "answer refused: \(reason)"), endedUnanswered: false)
    }
}

extension ByteStream {
    /// Whether something came that was not read yet. In the clear, which goes to this machine only, nobody looks.
    fileprivate var hasWord: Bool { (self as? TLSStream)?.hasWord ?? false }
}
