/// One request and its answer, over one connection.

internal import HTTP
internal import Sockets

/// How an exchange failed.
struct ExchangeFailed: Error {
    let failure: HTTPClientFailed
    /// The connection ended before a byte of an answer came. Where it had been used before, the server may have closed
    /// it while the request was under way, without having read it.
    let endedUnanswered: Bool
}

struct Exchange: Sendable {
    let method: Method
    /// Head and body.
    let request: [UInt8]
    let responseBytesMax: Int
    let deadline: Deadline

    /// How much is read at once.
    private static let readBytesMax = 16 * 1024

    func run(over stream: any ByteStream) async throws(ExchangeFailed) -> ReceivedResponse {
        do throws(SocketFailed) {
            try await stream.write(request, until: deadline)
        } catch {
            throw failed(.sending, error, unanswered: true)
        }
        var reader = ResponseReader(answering: method, bodyBytesMax: responseBytesMax)
        while true {
            guard try await readMore(of: stream, into: &reader) else { return try finish(&reader) }
            do throws(ResponseRefused) {
                if let response = try reader.next() { return response }
            } catch {
                throw refused(error)
            }
        }
    }

    /// - Returns: false at the end of what the server sends.
    private func readMore(of stream: any ByteStream, into reader: inout ResponseReader) async throws(ExchangeFailed)
        -> Bool
    {
        let isUnanswered = reader.received.isEmpty
        do throws(SocketFailed) {
            let count = try await stream.read(into: &reader.received, atMost: Self.readBytesMax, until: deadline)
            if count == 0, isUnanswered { throw .closed }
            return count > 0
        } catch {
            throw failed(isUnanswered ? .waiting : .receiving, error, unanswered: isUnanswered)
        }
    }

    private func finish(_ reader: inout ResponseReader) throws(ExchangeFailed) -> ReceivedResponse {
        do throws(ResponseRefused) {
            return try reader.finish()
        } catch {
            throw refused(error)
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
