import HTTP

/// In which of the two ways a body was written.
enum BodyType: Sendable, Equatable {
    case json, form

    static let allNames = "application/json, application/x-www-form-urlencoded"

    /// From `Content-Type`: one of the two, with no parameter but `charset=utf-8`, and no content coding.
    init(of request: Request) throws(Problem) {
        if let coding = request["Content-Encoding"], coding != "identity" { throw .mediaTypeUnsupported }
        // What every program sends, without looking further.
        if request.has("Content-Type", exactly: "application/json") {
            self = .json
            return
        }
        let field = request["Content-Type"] ?? ""
        guard let media = MediaType(parsing: field),
            Self.isUTF8(parametersOf: field)
        else {
            throw .mediaTypeUnsupported
        }
        switch media.essence {
        case "application/json": self = .json
        case "application/x-www-form-urlencoded": self = .form
        default: throw .mediaTypeUnsupported
        }
    }

    private static func isUTF8(parametersOf field: String) -> Bool {
        let parameters = field.utf8.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).dropFirst()
        return parameters.allSatisfy { parameter in
            let text = parameter.compactMap { byte -> UInt8? in
                byte == 0x20 || byte == 0x09 || byte == UInt8(ascii: "\"")
                    ? nil : (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
            }
            return text.isEmpty || text.elementsEqual("charset=utf-8".utf8)
        }
    }
}
