import Cryptography

/// The names of formats, for tallies and for an operator: never a part of a hash.
package enum HashFormat {
    /// The format of a stored hash that passwords are checked against here.
    /// - Returns: nil if the text cannot be read: of no known format, or dearer than 256 MiB or about two seconds.
    package static func name(of hash: PasswordHash) -> String? { HashFormats.read(hash)?.formatName }

    /// What a text that ``name(of:)`` has no name for seems to be: a link works all the same.
    package static func opaqueName(of hash: PasswordHash) -> String {
        let text = hash.text
        if text.utf8.first == UInt8(ascii: "!") { return "no password" }
        if text.contains("$argon2") && !Argon2.isAvailable { return "argon2, which needs \(Argon2.libraryWords)" }
        if let name = prefixes.first(where: { text.hasPrefix($0.prefix) })?.name { return name }
        if let label = label(of: text) { return label }
        if [32, 40, 56, 64, 96, 128].contains(text.utf8.count), text.utf8.allSatisfy(isHexadecimal) {
            return "digest of \(text.utf8.count) hexadecimal digits"
        }
        return "unknown"
    }

    private static let prefixes: [(prefix: String, name: String)] = [
        ("$1$", "md5crypt"), ("$apr1$", "apr1-md5crypt"), ("$sha1$", "sha1crypt"), ("$md5", "sunmd5"),
        (":B:", "mediawiki-md5"),
        (":A:", "mediawiki-md5"), ("$argon2d$", "argon2d"),
    ]
    private static let labels = [
        "SSHA", "SHA", "SSHA256", "SHA256", "SSHA384", "SSHA512", "SHA512", "SMD5", "MD5", "PLAIN-MD5", "MD5-CRYPT",
        "CRAM-MD5",
        "DIGEST-MD5", "NTLM", "NT", "CRYPT", "noop", "ldap", "SHA-256", "SHA-1",
    ]

    private static func label(of text: String) -> String? {
        labels.lazy.map { "{\($0)}" }.first { label in
            text.utf8.prefix(label.utf8.count).map(lowered).elementsEqual(label.utf8.map(lowered))
        }
    }

    private static func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(lowered(byte))
    }
}
