/// The client of one server: requests in, answers out, connections kept between.

package import HTTP
package import Sockets
package import TLS

/// Speaks HTTP/1.1 to one origin over a bounded pool of kept-alive connections. Never follows a redirect, so what is
/// sent (a key among it) reaches this origin only.
package final class HTTPClient: Sendable {
    /// Finds a host's addresses, the best first.
    package typealias LookUp =
        @Sendable (_ host: String, _ port: UInt16, _ deadline: Deadline?) async throws(SocketFailed) -> [SocketAddress]

    private let origin: Origin
    private let options: HTTPClientOptions
    /// What every request says, before its own fields.
    private let commonFields: [(FieldName, String)]
    private let pool: ConnectionPool
    private let dialer: Dialer

    /// - Parameter trust: loaded at the first connection, off the start path.
    /// - Parameter loops: must live until ``shutDown()`` has returned.
    package init(
        to origin: Origin, trust: Trust, loops: EventLoops, options: HTTPClientOptions = HTTPClientOptions(),
        lookUp: @escaping LookUp = Resolver.addresses
    ) {
        self.origin = origin
        self.options = options
        commonFields = options.userAgent.map { [(FieldName("User-Agent"), $0)] } ?? []
        pool = ConnectionPool(options)
        dialer = Dialer(origin: origin, trust: TrustStore(trust), loops: loops, options: options, lookUp: lookUp)
    }

    /// Sends one request and reads the answer, whatever its status. From any task.
    ///
    /// A request is sent once more, over a new connection, where the server has most likely not read it: its kept connection had ended or
    /// had spoken unasked, took not all of it, or ended within a second of its last byte without an answer (RFC 9112 §9.3.1).
    /// An answer that comes before all was sent counts. Cancelling closes the connection.
    /// - Parameter path: with the query, percent-encoded; put behind the origin's base path.
    /// - Parameter fields: without `User-Agent`, `Host`, `Content-Length` and `Transfer-Encoding`, which are the client's business.
    @concurrent package func send(
        _ method: Method, _ path: String, fields: [(FieldName, String)] = [], body: [UInt8] = []
    ) async throws(HTTPClientFailed) -> ClientResponse {
        let target = origin.basePath + path
        guard
            let request = RequestWriter.bytes(
                method, target: target, host: origin.hostField, fields: commonFields + fields, body: body)
        else { throw HTTPClientFailed(stage: .request, reason: "the path or a field holds what it must not") }
        let deadline = Deadline.now + options.totalLimit
        let exchange = Exchange(method: method, request: request, options: options, deadline: deadline)
        switch try await pool.take(until: deadline) {
        case .empty: return try await runOverNew(exchange)
        case .reused(let stream):
            guard dialer.stillTrusts(stream) else {
                stream.close()
                return try await runOverNew(exchange)
            }
            do throws(ExchangeFailed) {
                return try await run(exchange, over: stream, isKept: true)
            } catch {
                stream.close()
                guard error.maySendAgain, !Task.isCancelled else {
                    pool.lost()
                    throw error.failure
                }
                return try await runOverNew(exchange)
            }
        }
    }

    /// Reads the trusted certificates anew, at most for ``HTTPClientOptions/totalLimit``. Connections that were made with the former ones are used
    /// no more once they are idle.
    /// - Throws: where they cannot be read; then the former ones stay in use.
    @concurrent package func readTrustAgain() async throws(HTTPClientFailed) {
        if origin.isSecure { try await dialer.trust.readAgain(until: .now + options.totalLimit) }
    }

    /// Refuses what is sent from now on, closes idle connections, and waits for the others, at most `totalLimit`.
    package func shutDown() async { await pool.shutDown() }

    /// Fills the slot that was taken.
    private func runOverNew(_ exchange: Exchange) async throws(HTTPClientFailed) -> ClientResponse {
        let stream: any ByteStream
        do throws(HTTPClientFailed) {
            stream = try await dialer.dial(until: exchange.deadline)
        } catch {
            pool.lost()
            throw error
        }
        do throws(ExchangeFailed) {
            return try await run(exchange, over: stream, isKept: false)
        } catch {
            stream.close()
            pool.lost()
            throw error.failure
        }
    }

    /// On the connection's own loop; gives the slot back where it succeeds.
    private func run(
        _ exchange: Exchange, over stream: any ByteStream, isKept: Bool
    ) async throws(ExchangeFailed) -> ClientResponse {
        let exchanged = try await withTaskExecutorPreference(stream.loop) {
            await withTaskCancellationHandler {
                await outcome(of: exchange, over: stream, isKept: isKept)
            } onCancel: {
                stream.close()
            }
        }.get()
        if exchanged.isReusable {
            pool.putBack(stream)
        } else {
            stream.close()
            pool.lost()
        }
        return ClientResponse(exchanged.response)
    }

    /// As a value: the handler of cancellations would forget the error's type.
    private func outcome(
        of exchange: Exchange, over stream: any ByteStream, isKept: Bool
    ) async -> Result<Exchanged, ExchangeFailed> {
        do throws(ExchangeFailed) {
            return .success(try await exchange.run(over: stream, isKept: isKept))
        } catch {
            return .failure(error)
        }
    }
}
