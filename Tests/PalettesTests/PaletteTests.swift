import Testing

@testable import Palettes

@Suite struct `A colour` {
    @Test func `is read as style sheets write it, and nothing else is`() {
        #expect(Color(hex: "#0F5f4c") == Color(0x0F, 0x5F, 0x4C))
        #expect(Color(hex: "#0F5f4c")?.hex == "#0f5f4c")
        for text in ["0f5f4c", "#0f5f4", "#0f5f4c0", "#+f5f4c", "#0f5f4g", "green", "", "#０f5f4c"] {
            #expect(Color(hex: text) == nil, "\(text)")
        }
    }

    /// The ends of the scale, and a pair that WCAG's own understanding document works out: 4.54 for #767676 on white.
    @Test(arguments: [("#000000", 21.0), ("#ffffff", 1), ("#767676", 4.54), ("#777777", 4.48), ("#ff0000", 4)])
    func `has a contrast with white`(hex: String, contrast: Double) throws {
        let (color, white) = (try #require(Color(hex: hex)), try #require(Color(hex: "#ffffff")))
        #expect(abs(color.contrast(with: white) - contrast) < 0.01)
        #expect(color.contrast(with: white) == white.contrast(with: color))
    }
}

@Suite struct `A palette` {
    private let lightPaper = Color(0xEE, 0xF4, 0xF1)
    private let darkPaper = Color(0x21, 0x2B, 0x27)

    private func expectReadable(_ palette: Palette) {
        #expect(palette.accent.contrast(with: lightPaper) >= 4.5)
        #expect(palette.accentStrong.contrast(with: lightPaper) >= 4.5)
        #expect(palette.accent.contrast(with: palette.onAccent) >= 4.5)
        #expect(palette.darkAccent.contrast(with: darkPaper) >= 4.5)
        #expect(palette.darkAccentStrong.contrast(with: darkPaper) >= 4.5)
        #expect(palette.darkAccent.contrast(with: palette.onDarkAccent) >= 4.5)
    }

    @Test func `of our own can be read`() { expectReadable(.standard) }

    @Test func `can be read in both schemes, or is refused`() throws {
        var refused = 0
        for red in stride(from: 0, through: 255, by: 15) {
            for green in stride(from: 0, through: 255, by: 15) {
                for blue in stride(from: 0, through: 255, by: 15) {
                    let color = Color(UInt8(red), UInt8(green), UInt8(blue))
                    do throws(Palette.TooLight) {
                        let palette = try Palette(color)
                        #expect(palette.accent == color)
                        expectReadable(palette)
                    } catch {
                        refused += 1
                        #expect(error.contrast < 4.5)
                    }
                }
            }
        }
        #expect(refused > 0)
    }

    @Test func `stays as it is on dark paper where it can be read there`() throws {
        let palette = try Palette(Color(0x1D, 0x4E, 0xD8))
        #expect(palette.accent.hex == "#1d4ed8")
        #expect(palette.darkAccent != palette.accent)
        #expect(throws: Palette.TooLight.self) { try Palette(Color(0xF0, 0xC0, 0x00)) }
    }
}
