/// A picture of the brand's own, above every page.
package struct Logo: Sendable {
    /// A page weighs 16 KiB; its picture should not weigh much more.
    package static let bytesMax = 32 << 10

    let bytes: [UInt8]
    let kind: Kind

    /// With the ending of its file: in a preview no server says what it is.
    enum Kind: String {
        case svg, png, jpeg, gif, webp

        var contentType: String { self == .svg ? "image/svg+xml" : "image/" + rawValue }

        var path: StaticString {
            switch self {
            case .svg: "/assets/logo.svg"
            case .png: "/assets/logo.png"
            case .jpeg: "/assets/logo.jpeg"
            case .gif: "/assets/logo.gif"
            case .webp: "/assets/logo.webp"
            }
        }
    }

    package enum Refused: Error, Equatable { case tooLarge, unknownType }

    /// - Parameter bytes: a whole file. What it is, its first bytes say, whatever it is called.
    /// - Throws: unless it is SVG, PNG, JPEG, GIF or WebP of at most ``bytesMax``.
    package init(_ bytes: [UInt8]) throws(Refused) {
        guard bytes.count <= Self.bytesMax else { throw .tooLarge }
        guard let kind = Self.kind(of: bytes) else { throw .unknownType }
        (self.bytes, self.kind) = (bytes, kind)
    }

    private static func kind(of bytes: [UInt8]) -> Kind? {
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
        if bytes.starts(with: "GIF87a".utf8) || bytes.starts(with: "GIF89a".utf8) { return .gif }
        if bytes.starts(with: "RIFF".utf8), bytes.dropFirst(8).starts(with: "WEBP".utf8) { return .webp }
        // Shown as a picture, it runs no script; opened by itself, our policy lets it run none.
        guard let text = String(validating: bytes, as: UTF8.self), text.utf8.first == UInt8(ascii: "<"),
            text.contains("<svg")
        else { return nil }
        return .svg
    }
}
