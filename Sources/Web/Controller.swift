import HTTP

/// Answers GET and HEAD of one path, and changes nothing: mail scanners open every link.
protocol GetController: Sendable {
    func get(_ visit: Visit) async throws(Problem) -> Response
    /// What a person sees instead of the problem; nil: the page all problems share.
    func page(about problem: Problem, for visit: Visit) -> (any Page)?
}

extension GetController {
    func page(about problem: Problem, for visit: Visit) -> (any Page)? { nil }
}

/// Answers POST of one path.
protocol PostController: Sendable {
    func post(_ form: Form, from visit: Visit) async throws(Problem) -> Response
    /// What a person sees instead of the problem, usually the form again with what was wrong; nil: the page all problems share.
    func page(about problem: Problem, on form: Form, from visit: Visit) async -> (any Page)?
}

extension PostController {
    func page(about problem: Problem, on form: Form, from visit: Visit) async -> (any Page)? { nil }
}

/// Answers POST of one path to a machine, with the body as it came.
protocol Receiver: Sendable {
    /// Refuses what needs no body to be refused.
    /// - Parameter visit: its request has no body yet.
    func admit(_ visit: Visit) throws(Problem)
    func receive(_ visit: Visit) async throws(Problem) -> Response
}
