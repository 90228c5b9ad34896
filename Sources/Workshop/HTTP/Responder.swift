/// What stands behind a server and answers.

package protocol Responder: AnyObject, Sendable {
    /// An answer that needs no body (404, 405, 415 …): asked once, when the head is complete and a body is announced,
    /// before `100 Continue`. The path, method and fields are there, `body` is empty.
    func refuseEarly(_ request: Request) -> Response?
    /// An answer that is there without waiting for anything, the disk included; nil where ``respond(to:)`` must be asked.
    /// Answers to pipelined requests are gathered as long as they are known at once.
    func respondAtOnce(to request: Request) -> Response?
    func respond(to request: Request) async -> Response
    /// What ``refuseEarly(_:)`` or ``respondAtOnce(to:)`` gave is the response, for counting: an early one is not where the client's
    /// time ends before its body is whole.
    /// - Parameter duration: from when the request was whole, or known to be refused.
    func sends(_ status: Status, to request: Request, after duration: Duration)
    /// The server has a response of its own, for counting: nothing that came was fit to be answered by anything else.
    /// - Parameter duration: how long the client was waited for where that was too long.
    func serverSends(_ status: Status, after duration: Duration)
    /// One that answers alike, for one loop of several. What it reads for every request is its own: to count references to one array
    /// from several threads costs more than the answer.
    func copyForLoop() -> Self
}

extension Responder {
    package func refuseEarly(_ request: Request) -> Response? { nil }
    package func respondAtOnce(to request: Request) -> Response? { nil }
    package func sends(_ status: Status, to request: Request, after duration: Duration) {}
    package func serverSends(_ status: Status, after duration: Duration) {}
}
