import Cryptography
import HTTP

/// The fields every answer carries, the HTTP server's own refusals included. The one place where they are written.
enum SecurityHeaders {
    /// Our own stylesheet, script and icon; nothing inline, nothing from elsewhere, no frame around us, no sink for markup made by scripts.
    static let contentSecurityPolicy = [
        "default-src 'none'", "style-src 'self'", "script-src 'self'", "img-src 'self'", "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
    ].joined(separator: "; ")

    /// For a letter of ours shown as it is: nothing but styles, and of those only its own, named by their digests.
    static func contentSecurityPolicy(styles: [[UInt8]]) -> String {
        let digests = styles.map { "'sha256-\(Base64.encode(Digest.sha256($0)))'" }
        return [
            "default-src 'none'", (["style-src 'unsafe-hashes'"] + digests).joined(separator: " "),
            "form-action 'none'",
            "base-uri 'none'", "frame-ancestors 'none'",
        ].joined(separator: "; ")
    }

    static func fields(publicURL: String, policy: String = contentSecurityPolicy) -> [(name: FieldName, value: String)]
    {
        var fields: [(name: FieldName, value: String)] = [
            ("Content-Security-Policy", policy),
            ("X-Content-Type-Options", "nosniff"),
            // A link's token stands in the address: no other site may hear where the visitor came from.
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
        ]
        if publicURL.utf8.starts(with: "https:".utf8) {
            fields.append(("Strict-Transport-Security", "max-age=31536000"))
        }
        return fields
    }
}
