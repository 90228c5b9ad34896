import HTTP

/// An answer, and what only the log may say about it.
struct Reply: Sendable {
    var response: Response
    let cause: String?
    /// Where the visitor was told one; else the log gives it a new one.
    let requestID: UInt64?
    /// As ``Problem/isLoggedOnChange``.
    let isLoggedOnChange: Bool

    init(_ response: Response, about problem: Problem? = nil) {
        self.response = response
        cause = problem?.cause
        requestID = problem?.requestID
        isLoggedOnChange = problem?.isLoggedOnChange ?? false
    }
}
