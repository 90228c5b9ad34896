import Foundation

/// A colour of the sRGB space, as style sheets write it.
package struct Color: Sendable, Equatable {
    /// 0…255 each.
    let red: UInt8
    let green: UInt8
    let blue: UInt8

    init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) { (self.red, self.green, self.blue) = (red, green, blue) }

    /// `#0f5f4c`, in either case; nothing else.
    package init?(hex text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 7, bytes[0] == UInt8(ascii: "#"),
            bytes.dropFirst().allSatisfy({
                (0x30...0x39).contains($0) || (0x41...0x46).contains($0) || (0x61...0x66).contains($0)
            }), let number = UInt32(text.dropFirst(), radix: 16)
        else { return nil }
        self.init(UInt8(number >> 16 & 0xFF), UInt8(number >> 8 & 0xFF), UInt8(number & 0xFF))
    }

    package var hex: String {
        "#" + [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// From 1, no difference, to 21, black on white (WCAG 2.2, contrast ratio).
    package func contrast(with other: Color) -> Double {
        let (lighter, darker) = (max(luminance, other.luminance), min(luminance, other.luminance))
        return (lighter + 0.05) / (darker + 0.05)
    }

    /// - Parameter share: of the other colour, 0…1.
    func mixed(with other: Color, share: Double) -> Color {
        func mix(_ own: UInt8, _ other: UInt8) -> UInt8 {
            UInt8(clamping: Int((Double(own) * (1 - share) + Double(other) * share).rounded()))
        }
        return Color(mix(red, other.red), mix(green, other.green), mix(blue, other.blue))
    }

    private var luminance: Double {
        let linear = [red, green, blue].map { channel -> Double in
            let value = Double(channel) / 255
            return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
        }
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }
}
