/// Every limit of a request: its last fitting size, the first that does not fit, and that an endless one is stopped.

import HTTP
import Testing

private let limits = {
    var limits = RequestLimits()
    limits.head.startLineBytes = 40
    limits.head.fieldBytes = 30
    limits.head.headBytes = 120
    limits.head.fields = 4
    limits.bodyBytes = 8
    return limits
}()

private func line(_ name: String, bytes: Int) -> String {
    name + ": " + String(repeating: "x", count: bytes - name.utf8.count - 2) + "\r\n"
}

private func get(targetBytes: Int, _ fields: String = "") -> String {
    "GET /" + String(repeating: "a", count: targetBytes - 1) + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n"
}

@Suite struct `A limit` {
    @Test(arguments: [
        // 4 + 27 + 9 = 40
        (get(targetBytes: 27), nil as RequestRefused?), (get(targetBytes: 28), .head(.startLineTooLong)),
        (get(targetBytes: 1, line("X", bytes: 30)), nil),
        (get(targetBytes: 1, line("X", bytes: 31)), .head(.fieldTooLarge)),
        (get(targetBytes: 1, "A:\r\nB:\r\nC:\r\n"), nil),
        (get(targetBytes: 1, "A:\r\nB:\r\nC:\r\nD:\r\n"), .head(.tooManyFields)),
        // 16 + 9 + 2 × 32 + 29 + 2 = 120
        (get(targetBytes: 1, line("X", bytes: 30) + line("Y", bytes: 30) + line("Z", bytes: 27)), nil),
        (get(targetBytes: 1, line("X", bytes: 30) + line("Y", bytes: 30) + line("Z", bytes: 28)), .head(.headTooLarge)),
        ("POST / HTTP/1.0\r\nContent-Length: 8\r\n\r\n12345678", nil),
        ("POST / HTTP/1.0\r\nContent-Length: 9\r\n\r\n", .body(.tooLarge(limitBytes: 8))),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n1234\r\n4\r\n5678\r\n0\r\n\r\n",
            nil
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n1234\r\n5\r\n",
            .body(.tooLarge(limitBytes: 8))
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n",
            .body(.tooLarge(limitBytes: 8))
        ),
    ])
    func `lets pass what fits, and not a byte more`(wire: String, refused: RequestRefused?) {
        let (whole, disagreeing) = readEveryWay(wire, limits: limits)
        #expect(whole.refused == refused)
        #expect(whole.requests.count == (refused == nil ? 1 : 0))
        #expect(disagreeing == [])
    }

    /// Of what has come without its end, too: the last length that is waited for.
    @Test(arguments: [
        ("", 40, RequestRefused.head(.startLineTooLong)),
        ("GET / HTTP/1.0\r\n", 30, .head(.fieldTooLarge)),
        (
            "GET / HTTP/1.0\r\n" + line("X", bytes: 30) + line("Y", bytes: 30) + line("Z", bytes: 19), 19,
            .head(.headTooLarge)
        ),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;", 1022, .body(.chunkExtensionTooLong)),
    ])
    func `waits for the end of what may still fit, and not a byte longer`(
        start: String, length: Int, refused: RequestRefused
    ) {
        let fits = Array(start.utf8) + Array(repeating: UInt8(ascii: "a"), count: length)
        #expect(read([fits[...]], limits: limits) == Outcome(isUnfinished: true))
        #expect(read([(fits + [UInt8(ascii: "a")])[...]], limits: limits) == Outcome(refused: refused))
    }

    @Test func `of a path that may have larger bodies is never less than the others'`() {
        var limits = limits
        limits.largerBodies = [LargerBodies(at: "/", bytes: 4)]
        let wire = "POST / HTTP/1.0\r\nContent-Length: 8\r\n\r\n12345678"
        #expect(read([Array(wire.utf8)[...]], limits: limits).requests.count == 1)
    }

    @Test(arguments: [
        ("", UInt8(ascii: "a"), RequestRefused.head(.startLineTooLong)),
        ("GET / HTTP/1.1\r\n", UInt8(ascii: "a"), .head(.fieldTooLarge)),
        ("GET / HTTP/1.1\r\nHost: a\r\nX:", UInt8(ascii: " "), .head(.fieldTooLarge)),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", UInt8(ascii: "0"),
            .body(.chunkSizeOverflow)
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;", UInt8(ascii: "a"),
            .body(.chunkExtensionTooLong)
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", UInt8(ascii: "a"),
            .body(.trailer(.fieldTooLarge))
        ),
    ])
    func `stops a line that never ends`(start: String, endless: UInt8, refused: RequestRefused) {
        let wire = Array(start.utf8) + Array(repeating: endless, count: 20_000)
        #expect(read([wire[...]]).refused == refused)
        #expect(read(wire.indices.map { wire[$0...$0] }).refused == refused)
    }

    @Test func `stops endless chunk extensions and trailers`() {
        let start = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        let extensions = start + String(repeating: "1;" + String(repeating: "a", count: 1000) + "\r\nx\r\n", count: 17)
        #expect(read([Array(extensions.utf8)[...]]).refused == .body(.chunkExtensionsTooLong))
        // Sixteen extensions of 1,022 bytes with their line's CR, and one of 32: 16,384 together.
        let most = String(repeating: "1;" + String(repeating: "a", count: 1021) + "\r\nx\r\n", count: 16)
        for (length, refused) in [(31, nil), (32, RequestRefused.body(.chunkExtensionsTooLong))] {
            let last = "1;" + String(repeating: "a", count: length) + "\r\nx\r\n0\r\n\r\n"
            #expect(read([Array((start + most + last).utf8)[...]]).refused == refused)
        }
        let trailers = start + "0\r\n" + String(repeating: line("X", bytes: 998), count: 9)
        #expect(read([Array(trailers.utf8)[...]]).refused == .body(.trailer(.headTooLarge)))
    }

    @Test func `of the request line is above eight thousand bytes`() {
        #expect(read([Array(get(targetBytes: 8000 - 13).utf8)[...]]).requests.count == 1)
        #expect(read([Array(get(targetBytes: 8192 - 13).utf8)[...]]).requests.count == 1)
        #expect(read([Array(get(targetBytes: 8193 - 13).utf8)[...]]).refused == .head(.startLineTooLong))
    }
}
