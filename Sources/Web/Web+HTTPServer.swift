package import HTTP

extension Web {
    /// The fields of every answer, serialised (`Name: value\r\n`…). With HSTS where the public URL is https.
    package static func commonFields(publicURL: String) -> [UInt8] {
        SecurityHeaders.fields(publicURL: publicURL).flatMap { Array("\($0.name.text): \($0.value)\r\n".utf8) }
    }

    /// The paths whose bodies may be larger than others'.
    package static func largerBodies(publicURL: String) -> [LargerBodies] {
        let base = Site.path(of: publicURL)
        return [LargerBodies(at: SendGridEvents.path, below: base, bytes: SendGridEvents.bodyBytesMax)]
    }

    /// The HTTP server's own refusals as problems.
    package static func refusal(_ status: Status, code: String, detail: String) -> Response {
        Problem(status, code, status.reason, detail).response()
    }
}
