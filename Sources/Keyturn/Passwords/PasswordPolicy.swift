/// What passwords people may choose: long, and not among those that are tried first.
import Cryptography
import Foundation
package import PasswordHashing

/// NIST SP 800-63B-4 §3.1.1: length counts, composition does not. Every character but U+0000 is accepted.
package struct PasswordPolicy: Sendable {
    /// No password is looked at beyond this, whatever maximum is configured: NFC takes quadratic time for combining marks.
    package static let limitBytes = 4096
    /// Shorter words than this stand in too many innocent passwords.
    static let shortestWord = 4

    package let minimumLength: Int
    package let maximumLength: Int
    private let maximumBytes: Int?
    private let site: SiteNames
    private let blocklist: Blocklist
    private let breached: (any BreachedPasswords)?
    private let keepsTyped: Bool

    /// - Parameters: lengths in Unicode code points after NFC; `site`: refused besides the address; `extraBlocklist`: added to the
    ///   built-in one, in any case and normal form; `breached`: more of them, known by their digests; `maximumBytes`: what the hash
    ///   takes in UTF-8 after NFC (72 for bcrypt), nil without a limit of its own; `keepsTyped`: the bytes that came are hashed, because the
    ///   app that will check them does not normalise.
    package init(
        minimumLength: Int = 15, maximumLength: Int = 256, site: SiteNames, extraBlocklist: [String] = [],
        breached: (any BreachedPasswords)? = nil, maximumBytes: Int? = nil, keepsTyped: Bool = false
    ) {
        self.keepsTyped = keepsTyped
        self.minimumLength = minimumLength
        self.maximumLength = maximumLength
        self.maximumBytes = maximumBytes
        self.breached = breached
        self.site = site
        blocklist = Blocklist(additions: extraBlocklist)
    }

    /// Byte limits first, then NFC, then the rules.
    /// - Returns: the bytes to be hashed, in NFC.
    /// - Throws: every reason at once, so that a user need not find them one after the other.
    package func accept(_ typed: String, for email: EmailAddress) throws(PasswordRefused) -> Password {
        let text = try composed(typed)
        let problems = problems(of: text, typedBytes: typed.utf8.count, for: email)
        guard problems.isEmpty else { throw PasswordRefused(problems) }
        return Password(Array((keepsTyped ? typed : text).utf8))
    }

    /// For logins: normalised like ``accept(_:for:)``, judged not at all, but for length in bytes and U+0000. What was typed is kept
    /// beside it, for hashes that came from an app that does not normalise.
    /// - Returns: nil for what no account can have as its password.
    package func normalise(_ typed: String) -> Password? {
        guard let text = try? composed(typed) else { return nil }
        return Password(Array(text.utf8), typed: Array(typed.utf8))
    }

    private func composed(_ typed: String) throws(PasswordRefused) -> String {
        // Four bytes are the most that UTF-8 takes for a code point.
        let byteLimit = min(max(0, maximumLength), Self.limitBytes / 4) * 4
        guard typed.utf8.count <= byteLimit else { throw PasswordRefused([.tooLong(maximum: maximumLength)]) }
        guard !typed.utf8.contains(0) else { throw PasswordRefused([.containsNull]) }
        return typed.precomposedStringWithCanonicalMapping
    }

    private func problems(of password: String, typedBytes: Int, for email: EmailAddress) -> [PasswordProblem] {
        let bytes = Array(ComparisonForm.of(password).utf8)
        let characters = password.unicodeScalars.count
        let rules: [(PasswordProblem, Bool)] = [
            (.tooShort(minimum: minimumLength), characters < minimumLength),
            (.tooLong(maximum: maximumLength), characters > maximumLength),
            (
                .tooManyBytes(maximum: maximumBytes ?? 0),
                maximumBytes.map { max(password.utf8.count, keepsTyped ? typedBytes : 0) > $0 } ?? false
            ),
            (.common, Guessable.isCommon(bytes, in: blocklist) || isBreached(password)),
            (.containsAddress, containsAddress(bytes, email)),
            (.containsSite, site.names.contains { Guessable.contains($0, in: bytes) }),
            (.repeated, Guessable.isRepetition(bytes)),
            (.sequence, !Guessable.isRepetition(bytes) && Guessable.isRuns(bytes)),
        ]
        return rules.compactMap { problem, applies in applies ? problem : nil }
    }

    private func isBreached(_ password: String) -> Bool {
        breached?.contains(Digest.sha1(Array(password.utf8))) ?? false
    }

    private func containsAddress(_ bytes: [UInt8], _ email: EmailAddress) -> Bool {
        [Substring(email.text), email.localPart].contains { word in
            let name = ComparisonForm.of(String(word))
            return name.unicodeScalars.count >= Self.shortestWord && Guessable.contains(Array(name.utf8), in: bytes)
        }
    }
}
