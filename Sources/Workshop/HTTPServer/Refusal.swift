/// Why the server answers by itself, in a word that programs may rely on.
import HTTP

enum Refusal: CaseIterable, Hashable {
    case requestInvalid, requestTimeout, requestIncomplete, bodyTooLarge, targetTooLong, expectationFailed
    case misdirected, headTooLarge, notImplemented, versionNotSupported, connectionsFull, largerBodiesFull, bodiesFull

    /// What a refused head or body is counted and answered as.
    init(_ status: Status) {
        switch status.code {
        case 413: self = .bodyTooLarge
        case 414: self = .targetTooLong
        case 417: self = .expectationFailed
        case 421: self = .misdirected
        case 431: self = .headTooLarge
        case 501: self = .notImplemented
        case 505: self = .versionNotSupported
        default: self = .requestInvalid
        }
    }

    var code: String {
        switch self {
        case .requestInvalid: "request_invalid"
        case .requestTimeout: "request_timeout"
        case .requestIncomplete: "request_incomplete"
        case .bodyTooLarge: "body_too_large"
        case .targetTooLong: "target_too_long"
        case .expectationFailed: "expectation_failed"
        case .misdirected: "misdirected"
        case .headTooLarge: "head_too_large"
        case .notImplemented: "not_implemented"
        case .versionNotSupported: "version_not_supported"
        case .connectionsFull: "connections_full"
        case .largerBodiesFull: "busy"
        case .bodiesFull: "bodies_full"
        }
    }
}
