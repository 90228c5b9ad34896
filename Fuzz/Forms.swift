/// Forms and request targets: nothing may trap, and what was decoded is never longer than what came.

/// Called by libFuzzer with every input.
@c(LLVMFuzzerTestOneInput) public func tryForms(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    if let form = try? FormPairs(parsing: input) {
        precondition(form.pairs.count <= 64)
        // A byte of ISO 8859-1 never comes out of a form: only UTF-8 is read.
        precondition(form.pairs.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count } <= input.count)
        _ = form.values(of: "email")
    }
    _ = HTTPDate.parse(String(decoding: input, as: UTF8.self))
    return 0
}
