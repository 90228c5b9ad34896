/// The tones of one colour, readable on light paper and on dark.
package struct Palette: Sendable, Equatable {
    /// What text needs to be read (WCAG 2.2, 1.4.3).
    package static let contrastLeast = 4.5

    /// Links and buttons on light paper, and what stands on such a button.
    package let accent: Color
    package let accentStrong: Color
    package let onAccent: Color
    /// The same on dark paper.
    package let darkAccent: Color
    package let darkAccentStrong: Color
    package let onDarkAccent: Color

    package static let standard = Palette(
        accent: Color(0x0F, 0x5F, 0x4C), accentStrong: Color(0x0A, 0x46, 0x38), onAccent: white,
        darkAccent: Color(0x74, 0xD6, 0xB8), darkAccentStrong: Color(0x98, 0xE6, 0xCE),
        onDarkAccent: Color(0x06, 0x23, 0x1A))

    /// Takes the colour as it is on light paper, and lightens it for dark until it can be read there.
    /// - Throws: where it cannot be read on light paper, or white not on it.
    package init(_ color: Color) throws(TooLight) {
        let contrast = min(color.contrast(with: Self.lightPaper), color.contrast(with: Self.white))
        guard contrast >= Self.contrastLeast else { throw TooLight(contrast: contrast) }
        let lightened = stride(from: 0.0, through: 1, by: 0.05).lazy.map { color.mixed(with: Self.white, share: $0) }
        let dark = lightened.first { $0.contrast(with: Self.darkPaper) >= Self.contrastLeast } ?? Self.white
        self.init(
            accent: color, accentStrong: color.mixed(with: Self.black, share: 0.25), onAccent: Self.white,
            darkAccent: dark, darkAccentStrong: dark.mixed(with: Self.white, share: 0.3), onDarkAccent: Self.black)
    }

    private init(
        accent: Color, accentStrong: Color, onAccent: Color, darkAccent: Color, darkAccentStrong: Color,
        onDarkAccent: Color
    ) {
        (self.accent, self.accentStrong, self.onAccent) = (accent, accentStrong, onAccent)
        (self.darkAccent, self.darkAccentStrong, self.onDarkAccent) = (darkAccent, darkAccentStrong, onDarkAccent)
    }

    /// A colour is too light to be read.
    package struct TooLight: Error, Equatable {
        package let contrast: Double
    }

    private static let white = Color(0xFF, 0xFF, 0xFF)
    private static let black = Color(0x0B, 0x12, 0x10)
    /// The darkest of the light grounds that words in the accent stand on, and the lightest of the dark.
    private static let lightPaper = Color(0xEE, 0xF4, 0xF1)
    private static let darkPaper = Color(0x21, 0x2B, 0x27)
}
