/// The sets of bytes, spelt out.

import Testing

@testable import HTTP

@Suite struct `A byte` {
    private let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    private let digits = "0123456789"

    private func check(_ bytes: String, _ isInSet: (UInt8) -> Bool) {
        let expected = Set(bytes.utf8)
        for byte in UInt8.min...UInt8.max { #expect(isInSet(byte) == expected.contains(byte)) }
    }

    @Test func `is in the sets of the grammar or not`() {
        check(digits, \.isDigit)
        check(letters, \.isLetter)
        check(" \t", \.isBlank)
        check(letters + digits + "!#$%&'*+-.^_`|~", \.isTokenByte)
        check(letters + digits + "-._~!$&'()*+,;=:@/?", \.isTargetByte)
        check(letters + digits + "-._~!$&'()*+;=", \.isRegisteredNameByte)
        check(letters + digits + "-._~", \.isUnreserved)
        check("0123456789abcdefABCDEF") { $0.hexValue != nil }
        for byte in UInt8.min...UInt8.max { #expect(byte.isControl == (byte < 32 && byte != 9 || byte == 127)) }
    }

    @Test func `has a hexadecimal value`() {
        #expect("09afAF".utf8.map(\.hexValue) == [0, 9, 10, 15, 10, 15])
    }
}
