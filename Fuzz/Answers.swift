/// Answers as our client reads them: whole, and again cut in two at a place the input chooses. Both must agree.

/// Called by libFuzzer with every input: where to cut, to which method, and what came.
@c(LLVMFuzzerTestOneInput) public func tryAnswers(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard input.count >= 2 else { return 0 }
    let methods: [Method] = [.post, .head, .connect]
    let method = methods[Int(input[1]) % methods.count]
    let wire = input.dropFirst(2)
    let cut = wire.startIndex + Int(input[0]) * wire.count / 255
    precondition(read([wire], answering: method) == read([wire[..<cut], wire[cut...]], answering: method))
    return 0
}

/// - Returns: the answer, with whether the connection lives on where nothing came behind it; what follows may depend on the cut.
private func read(_ pieces: [ArraySlice<UInt8>], answering method: Method) -> String {
    var limits = HeadLimits()
    limits.startLineBytes = 256
    limits.headBytes = 1024
    limits.fieldBytes = 256
    var reader = ResponseReader(answering: method, bodyBytesMax: 512, limits: limits)
    do throws(ResponseRefused) {
        for piece in pieces {
            reader.received.append(contentsOf: piece)
            if let response = try reader.next() { return describe(response) }
        }
        return describe(try reader.finish())
    } catch {
        return "refused"
    }
}

private func describe(_ response: ReceivedResponse) -> String {
    precondition(response.body.count <= 512)
    _ = response["Retry-After"]
    return "\(response.status.code) \(response.body) \(response.fields)"
}
