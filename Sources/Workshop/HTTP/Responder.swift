/// What stands behind a server and answers.

package protocol Responder: AnyObject, Sendable {
    /// An answer that needs no body (404, 405, 415 …): asked once, when the head is complete and a body is announced,
    /// before `100 Continue`. The path, method and fields are there, `body` is empty.
    func refuseEarly(_ request: Request) -> Response?
    /// An answer that is there without waiting for anything, the disk included; nil where ``respond(to:)`` must be asked.
    /// Answers to pipelined requests are gathered as long as they are known at once.
    func respondAtOnce(to request: Request) -> Response?
    func respond(to request: Request) async -> Response
    /// One that answers alike, for one loop of several. What it reads for every request is its own: to count references to one array
    /// from several threads costs more than the answer.
    func copyForLoop() -> Self
}

extension Responder {
    package func refuseEarly(_ request: Request) -> Response? { nil }
    package func respondAtOnce(to request: Request) -> Response? { nil }
}
