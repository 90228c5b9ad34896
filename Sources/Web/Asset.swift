import Cryptography
import HTTP

/// A file that the pages need, served from the binary. Its address carries a digest of its bytes, so it may be kept for ever.
struct Asset: GetController {
    static let stylesheet = Asset("/assets/keyturn.css", "text/css; charset=utf-8", PackageResources.keyturn_css)
    static let script = Asset("/assets/keyturn.js", "text/javascript; charset=utf-8", PackageResources.keyturn_js)
    static let icon = Asset("/assets/keyturn.svg", "image/svg+xml", PackageResources.keyturn_svg)

    /// With the digest: `/assets/keyturn.css?v=…`.
    let address: String
    private let version: String
    private let kept: Response
    private let passing: Response

    private init(_ path: String, _ contentType: String, _ bytes: [UInt8]) {
        version = "v=" + Base64URL.encode(Array(Digest.sha256(bytes).prefix(9)))
        address = path + "?" + version
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
