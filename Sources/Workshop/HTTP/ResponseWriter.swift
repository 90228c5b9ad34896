/// Serialises answers (RFC 9112 §4, §6).

/// Holds what every answer carries, the date included. One a thread.
package final class ResponseWriter {
    private let commonFields: [UInt8]
    private var secondsSince1970: Int64
    /// The common fields and the date.
    private var ending: [UInt8]

    /// - Parameter commonFields: serialised: `Name: value` CRLF, as often as there are fields.
    /// - Parameter date: in seconds since 1970.
    package init(commonFields: [UInt8] = [], date: Int64 = 0) {
        self.commonFields = commonFields
        secondsSince1970 = date
        ending = Self.ending(commonFields, date)
    }

    /// From now on answers are of this date, in seconds since 1970.
    package func date(_ seconds: Int64) {
        guard seconds != secondsSince1970 else { return }
        secondsSince1970 = seconds
        ending = Self.ending(commonFields, seconds)
    }

    private static func ending(_ commonFields: [UInt8], _ seconds: Int64) -> [UInt8] {
        commonFields + "Date: ".utf8 + HTTPDate.bytes(secondsSince1970: seconds)
    }

    /// Appends a whole answer, but for its ``Response/chunks``; allocates only where `output` must grow.
    /// - Parameter method: of the request; to HEAD there is no body. nil where none could be read.
    /// - Parameter version: of the request; nil where none could be read, which is said by closing.
    /// - Parameter closes: the connection ends behind this answer.
    package func append(
        _ response: Response, to method: Method?, in version: HTTPVersion?, closes: Bool, to output: inout [UInt8]
    ) {
        // Few and long pieces: what a piece costs is the call, not the bytes.
        appendStatusLine(response.status, to: &output)
        append(response.caching, to: &output)
        output.append(copying: response.fields.span)
        let (ending, leftOut) = (ending, response.replacesCommonFields ? commonFields.count : 0)
        output.append(copying: ending.span.extracting(leftOut...))
        let hasBody = !response.status.forbidsBody
        if hasBody {
            if response.chunks == nil {
                output.append("\r\nContent-Length: ")
                output.append(decimal: response.body.count)
            } else if version == .http11 {
                output.append("\r\nTransfer-Encoding: chunked")
            }
        }
        if closes {
            output.append("\r\nConnection: close\r\n\r\n")
        } else if version == .http10 {
            output.append("\r\nConnection: keep-alive\r\n\r\n")
        } else {
            output.append("\r\n\r\n")
        }
        if hasBody, method != .head { output.append(copying: response.body.span) }
    }

    /// Appends a piece of a body; none where it is empty, which would be the body's end (RFC 9112 §7.1).
    /// - Parameter version: HTTP/1.0 knows no chunks: there the end of the connection ends the body.
    package func append(chunk: [UInt8], in version: HTTPVersion, to output: inout [UInt8]) {
        guard version == .http11 else { return output.append(copying: chunk.span) }
        guard !chunk.isEmpty else { return }
        output.append(contentsOf: String(chunk.count, radix: 16).utf8)
        output.append("\r\n")
        output.append(copying: chunk.span)
        output.append("\r\n")
    }

    /// Appends what ends a body of chunks.
    package func appendLastChunk(in version: HTTPVersion, to output: inout [UInt8]) {
        if version == .http11 { output.append("0\r\n\r\n") }
    }

    /// Appends the interim answer that lets a waiting client send its body (RFC 9110 §15.2.1).
    package func appendContinue(to output: inout [UInt8]) {
        output.append("HTTP/1.1 100 Continue\r\n\r\n")
    }

    private func appendStatusLine(_ status: Status, to output: inout [UInt8]) {
        if let line = status.statusLine {
            output.append(line)
        } else {
            output.append("HTTP/1.1 ")
            output.append(decimal: status.code)
            output.append(" \r\n")
        }
    }

    private func append(_ caching: Response.Caching, to output: inout [UInt8]) {
        switch caching {
        case .noStore: output.append("Cache-Control: no-store, no-transform\r\n")
        case .immutable: output.append("Cache-Control: public, max-age=31536000, immutable\r\n")
        case .publicFor(let seconds):
            output.append("Cache-Control: public, max-age=")
            output.append(decimal: max(0, seconds))
            output.append("\r\n")
        }
    }
}
