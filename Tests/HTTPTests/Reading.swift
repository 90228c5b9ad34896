/// Feeds bytes to the readers in every way a socket could.

import HTTP

/// What a reader made of some bytes: the requests that were whole, and how it ended.
struct Outcome: Equatable, CustomStringConvertible {
    var requests: [String] = []
    var refused: RequestRefused?
    /// A message had begun and was not whole.
    var isUnfinished = false

    var description: String { "\(requests) \(refused.map { "\($0)" } ?? "") \(isUnfinished ? "unfinished" : "")" }
}

/// Reads all pieces, one after the other, as a connection does.
func read(_ pieces: [ArraySlice<UInt8>], limits: RequestLimits = RequestLimits(), isSecure: Bool = false) -> Outcome {
    var reader = RequestReader(from: .loopback, isSecure: isSecure, limits: limits)
    var outcome = Outcome()
    do throws(RequestRefused) {
        for piece in pieces {
            reader.received.append(contentsOf: piece)
            reading: while true {
                switch try reader.next() {
                case .needsMore: break reading
                case .announced: continue
                case .request(let request): outcome.requests.append(summary(of: request))
                }
            }
        }
    } catch {
        outcome.refused = error
        return outcome
    }
    outcome.isUnfinished = !reader.isIdle
    return outcome
}

/// Whole, byte by byte, and at every split: all must agree.
func readEveryWay(
    _ text: String, limits: RequestLimits = RequestLimits(), isSecure: Bool = false
) -> (whole: Outcome, disagreeing: [Int]) {
    let wire = Array(text.utf8)
    let whole = read([wire[...]], limits: limits, isSecure: isSecure)
    var disagreeing: [Int] = []
    if read(wire.indices.map { wire[$0...$0] }, limits: limits, isSecure: isSecure) != whole { disagreeing.append(-1) }
    for cut in wire.indices where read([wire[..<cut], wire[cut...]], limits: limits, isSecure: isSecure) != whole {
        disagreeing.append(cut)
    }
    return (whole, disagreeing)
}

/// `POST /path?query 1.1 stays "body"`.
func summary(of request: Request) -> String {
    var summary = "\(request.method.rawValue) \(request.path)"
    if let query = request.query { summary += "?" + query }
    summary += request.version == .http10 ? " 1.0" : " 1.1"
    summary += request.keepsAlive ? " stays" : " closes"
    if request.framing != .none { summary += " \"" + String(decoding: request.body, as: UTF8.self) + "\"" }
    return summary
}
