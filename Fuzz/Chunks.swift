/// Chunked bodies: whole, and again cut in two at a place the input chooses. Both must agree.

/// Called by libFuzzer with every input.
@c(LLVMFuzzerTestOneInput) public func tryChunks(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let first = input.first else { return 0 }
    let wire = input.dropFirst()
    let cut = wire.startIndex + Int(first) * wire.count / 255
    precondition(decode([wire]) == decode([wire[..<cut], wire[cut...]]))
    return 0
}

private struct Decoded: Equatable {
    var body: [UInt8] = []
    var isAtEnd = false
    /// What follows the body belongs to the next request.
    var rest: [UInt8] = []
    var refused: BodyRefused?
}

private func decode(_ pieces: [ArraySlice<UInt8>]) -> Decoded {
    var decoder = ChunkedDecoder(bodyBytesMax: 512)
    var decoded = Decoded()
    do throws(BodyRefused) {
        for piece in pieces {
            let bytes = decoded.rest + piece
            let consumed = try decoder.decode(bytes.span, into: &decoded.body)
            decoded.rest = Array(bytes[consumed...])
        }
        decoded.isAtEnd = decoder.isAtEnd
    } catch {
        // How much was taken before depends on the pieces; that it was refused, and why, does not.
        return Decoded(refused: error)
    }
    precondition(decoded.body.count <= 512)
    return decoded
}
