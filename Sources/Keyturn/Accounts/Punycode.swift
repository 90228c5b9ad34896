/// Labels of domain names in ASCII (RFC 3492).
enum Punycode {
    private static let base: UInt32 = 36
    private static let tMin: UInt32 = 1
    private static let tMax: UInt32 = 26
    private static let skew: UInt32 = 38
    private static let damp: UInt32 = 700
    private static let initialBias: UInt32 = 72
    private static let initialCode: UInt32 = 128

    /// - Parameter label: at most 254 bytes of UTF-8; that is not checked, and what it costs grows with the square of it.
    /// - Returns: without the prefix `xn--`; nil if the numbers of the algorithm grow too large.
    static func encode(_ label: some StringProtocol) -> String? {
        let codes = label.unicodeScalars.map(\.value)
        var output = codes.filter { $0 < 128 }.map { UInt8($0) }
        var handled = UInt32(output.count)
        let basic = handled
        if basic > 0 { output.append(UInt8(ascii: "-")) }
        var (code, delta, bias) = (initialCode, UInt32(0), initialBias)
        while handled < codes.count {
            guard let next = codes.filter({ $0 >= code }).min() else { return nil }
            let (step, stepOverflow) = (next - code).multipliedReportingOverflow(by: handled + 1)
            let (sum, sumOverflow) = delta.addingReportingOverflow(step)
            guard !stepOverflow, !sumOverflow else { return nil }
            (code, delta) = (next, sum)
            for one in codes {
                if one < code { delta += 1 }
                guard one == code else { continue }
                append(delta, bias: bias, to: &output)
                bias = adapted(delta, count: handled + 1, isFirst: handled == basic)
                delta = 0
                handled += 1
            }
            delta += 1
            code += 1
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// A number as digits of which the last is the first below its threshold (RFC 3492 §3.3).
    private static func append(_ delta: UInt32, bias: UInt32, to output: inout [UInt8]) {
        var (rest, k) = (delta, base)
        while true {
            let threshold = k <= bias ? tMin : k >= bias + tMax ? tMax : k - bias
            guard rest >= threshold else { break }
            let above = rest - threshold
            output.append(digit(threshold + above % (base - threshold)))
            rest = above / (base - threshold)
            k += base
        }
        output.append(digit(rest))
    }

    /// RFC 3492 §6.1.
    private static func adapted(_ delta: UInt32, count: UInt32, isFirst: Bool) -> UInt32 {
        var (delta, k) = (isFirst ? delta / damp : delta / 2, UInt32(0))
        delta += delta / count
        while delta > ((base - tMin) * tMax) / 2 {
            delta /= base - tMin
            k += base
        }
        return k + (base - tMin + 1) * delta / (delta + skew)
    }

    /// a–z, then 0–9.
    private static func digit(_ value: UInt32) -> UInt8 {
        UInt8(truncatingIfNeeded: value < 26 ? value + 0x61 : value - 26 + 0x30)
    }
}
