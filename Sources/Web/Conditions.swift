import HTTP

/// What conditions make of an answer (RFC 9110 §13.2). Nothing here has an entity tag or a date of modification: no tag that
/// is listed is one of ours, `*` is whatever there is, and conditions on dates are ignored.
extension Response {
    /// In the order of §13.2.2. POST writes no representation that could be asked for, and knows no conditions (§13.2.1).
    mutating func heed(conditionsOf request: Request) {
        guard request.method.isGetOrHead, (200..<300).contains(status.code) else { return }
        if let tags = request["If-Match"], tags != "*" {
            self = Problem.preconditionFailed.response()
        } else if request["If-None-Match"] == "*" {
            self = notModified
        }
    }

    /// With those fields of the whole answer that §15.4.5 names.
    private var notModified: Response {
        var response = Response(.notModified)
        response.caching = caching
        response.replacesCommonFields = replacesCommonFields
        if let vary = self["Vary"] { response.add("Vary", vary) }
        return response
    }
}
