import Cryptography
import HTTP
import Palettes

/// A file that the pages need, served from memory. Its address carries a digest of its bytes, so it may be kept for ever.
struct Asset: GetController {
    let path: StaticString
    let bytes: [UInt8]
    /// With the digest: `/assets/keyturn.css?v=…`.
    let address: String
    private let version: String
    private let kept: Response
    private let passing: Response

    init(_ path: StaticString, _ contentType: String, _ bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
        version = "v=" + Base64URL.encode(Array(Digest.sha256(bytes).prefix(9)))
        address = "\(path)?" + version
        var response = Response(.ok, contentType: contentType, body: bytes)
        response.caching = .immutable
        kept = response
        // Asked for by another digest or none: the answer may be another tomorrow.
        response.caching = .publicFor(seconds: 300)
        passing = response
    }

    func get(_ visit: Visit) async throws(Problem) -> Response {
        visit.request.query == version ? kept : passing
    }
}

/// All of them, in the colours of the brand.
struct Assets: Sendable {
    let stylesheet: Asset
    let script = Asset("/assets/keyturn.js", "text/javascript; charset=utf-8", PackageResources.keyturn_js)
    let icon: Asset
    let logo: Asset?

    init(_ palette: Palette, logo: Logo?) {
        let isOurs = palette == .standard
        stylesheet = Asset(
            "/assets/keyturn.css", "text/css; charset=utf-8",
            PackageResources.keyturn_css + (isOurs ? [] : Array(palette.styles.utf8)))
        let icon = String(decoding: PackageResources.keyturn_svg, as: UTF8.self)
        self.icon = Asset(
            "/assets/keyturn.svg", "image/svg+xml",
            Array(icon.replacing(Palette.standard.accent.hex, with: palette.accent.hex).utf8))
        self.logo = logo.map { Asset($0.kind.path, $0.kind.contentType, $0.bytes) }
    }

    var all: [Asset] { [stylesheet, script, icon] + [logo].compactMap { $0 } }
}

extension Palette {
    /// What stands behind the stylesheet, and so wins.
    fileprivate var styles: String {
        """
        :root { --accent: \(accent.hex); --accent-strong: \(accentStrong.hex); --on-accent: \(onAccent.hex); }
        @media (prefers-color-scheme: dark) {
          :root { --accent: \(darkAccent.hex); --accent-strong: \(darkAccentStrong.hex); --on-accent: \(onDarkAccent.hex); }
        }

        """
    }
}
