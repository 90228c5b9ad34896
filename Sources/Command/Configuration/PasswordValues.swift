import HTTPClient
import Keyturn
import PasswordHashing

/// The keys below `passwords` that say how an app beside us treats passwords, and where it can be asked.
extension Values {
    /// Devise's has 128 characters; of more, nothing could reach bcrypt behind a password.
    private static let pepperBytesMax = 1024

    func treatment(readFile: (String) throws -> [UInt8]) throws(ConfigurationRefused) -> PasswordTreatment {
        var treatment = PasswordTreatment()
        treatment.pepper = try pepper(readFile: readFile)
        treatment.trims = try optionalBoolean(.trim) ?? false
        treatment.escapesHTML = try optionalBoolean(.escapeHTML) ?? false
        return treatment
    }

    /// As it stands there, but for a line end behind it.
    private func pepper(readFile: (String) throws -> [UInt8]) throws(ConfigurationRefused) -> [UInt8] {
        var (pepper, key) = (try optionalText(.pepper) ?? "", Key.pepper)
        if pepper.isEmpty, let path = try optionalText(.pepperFile) {
            (pepper, key) = (try text(of: path, .pepperFile, readFile), .pepperFile)
            while let last = pepper.utf8.last, last == 0x0A || last == 0x0D { pepper.unicodeScalars.removeLast() }
            if pepper.isEmpty { throw ConfigurationRefused(.pepperFile, "contains no pepper") }
        }
        guard pepper.utf8.count <= Self.pepperBytesMax, !pepper.utf8.contains(0) else {
            throw ConfigurationRefused(key, "must be at most \(Self.pepperBytesMax) bytes without U+0000")
        }
        return Array(pepper.utf8)
    }

    func passwordCheck() throws(ConfigurationRefused) -> Settings.PasswordCheck? {
        guard let url = try optionalText(.verifyURL) else { return nil }
        guard let (origin, path) = Values.place(url) else {
            throw ConfigurationRefused(
                .verifyURL, "must be https://host[:port]/path; http:// is allowed for this machine only")
        }
        let texts = try list(.verifySecret)
        if texts.isEmpty, origin.isSecure {
            throw ConfigurationRefused(
                .verifySecret, "missing: generate one with `keyturn secret generate --webhook`")
        }
        let secrets = WebhookSecrets(texts)
        guard texts.isEmpty || secrets != nil else {
            throw ConfigurationRefused(
                .verifySecret,
                "each must be whsec_ and base64 of 24 to 64 bytes, and there may be \(WebhookSecrets.countMax) at most: generate one with `keyturn secret generate --webhook`"
            )
        }
        return Settings.PasswordCheck(origin: origin, path: path, secrets: secrets)
    }
}
