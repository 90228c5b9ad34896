/// Several texts as one run of bytes that can be read in one way only.
///
/// Each as UTF-8 behind its length in bytes, a 32-bit big-endian number: without the lengths, user `1` with address `2x` and
/// user `12` with address `x` would be the same bytes.
enum LengthPrefixed {
    static func bytes(_ fields: String...) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(fields.reduce(0) { $0 + 4 + $1.utf8.count })
        for field in fields {
            // A field of 4 GiB and more never comes so far: requests and rows are limited long before.
            let count = UInt32(truncatingIfNeeded: field.utf8.count)
            for shift in stride(from: 24, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: count >> shift))
            }
            bytes += field.utf8
        }
        return bytes
    }
}
