/// Requests as a connection reads them: whole, and again cut in two at a place the input chooses. Both must agree.

/// Called by libFuzzer with every input.
@c(LLVMFuzzerTestOneInput) public func tryRequests(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let first = input.first else { return 0 }
    let wire = input.dropFirst()
    let cut = wire.startIndex + Int(first) * wire.count / 255
    // A reader that depends on where the bytes were cut can be made to see two requests where another sees one.
    precondition(read([wire]) == read([wire[..<cut], wire[cut...]]))
    return 0
}

private func read(_ pieces: [ArraySlice<UInt8>]) -> [String] {
    var limits = RequestLimits()
    limits.head.startLineBytes = 256
    limits.head.headBytes = 1024
    limits.head.fieldBytes = 256
    limits.bodyBytes = 512
    var reader = RequestReader(from: .loopback, limits: limits)
    var seen: [String] = []
    do throws(RequestRefused) {
        for piece in pieces {
            reader.received.append(contentsOf: piece)
            reading: while true {
                switch try reader.next() {
                case .needsMore: break reading
                case .announced: continue
                case .request(let request):
                    seen.append(
                        "\(request.method) \(request.path) \(request.query ?? "") \(request.keepsAlive) \(request.body)"
                    )
                    _ = (
                        request["Host"], request["Cookie"],
                        request["Accept"].map { Accept(parsing: $0).quality(of: "text/html") }
                    )
                }
            }
        }
        if !reader.isIdle { seen.append("unfinished") }
    } catch {
        // Which limit or rule is met first may depend on the cut; that the connection ends here does not.
        seen.append("refused")
    }
    return seen
}
