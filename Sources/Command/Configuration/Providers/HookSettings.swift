import HTTPClient
import Keyturn
import Mailroom
import Sockets

extension Key {
    static let hookURL = Key("mail.hook.url", .text)
    static let hookSecret = Key("mail.hook.secret", .list, isSecret: true)
    static let hookSecretFile = Key("mail.hook.secretFile", .path)
    static let hookCAFile = Key("mail.hook.caFile", .path)
}

/// `mail.hook`: a receiver of the operator's brings letters to any provider.
struct HookSettings: ProviderSettings {
    static let keys: [Key] = [.hookURL, .hookSecret, .hookSecretFile, .hookCAFile]
    static let secretFiles: [Key] = [.hookSecretFile]

    private let place: (origin: Origin, path: String)?
    private let secrets: WebhookSecrets?
    let trust: (path: String?, key: Key)?

    init(
        _ mail: Settings.Mail, _ values: Values, readFile: (String) throws -> [UInt8]
    ) throws(ConfigurationRefused) {
        let url = try values.optionalText(.hookURL)
        place = url.flatMap(Values.place)
        if url != nil, place == nil {
            throw ConfigurationRefused(
                .hookURL, "must be https://host[:port]/path; http:// is allowed for this machine only")
        }
        // Looked for only where there is somewhere to send: the package's configuration names a file that may be missing.
        secrets =
            url == nil ? nil : try values.webhookSecrets(.hookSecret, .hookSecretFile, readFile: readFile)
        trust = (try values.optionalText(.hookCAFile), .hookCAFile)
    }

    var missing: [ConfigurationRefused] {
        (place == nil ? [ConfigurationRefused(.hookURL, "missing: mail.provider is hook")] : [])
            + (secrets == nil
                ? [
                    ConfigurationRefused(
                        .hookSecret, "missing: generate one with `keyturn secret generate --webhook`")
                ] : [])
    }

    func carriage(_ parts: CarriageParts) throws(ConfigurationRefused) -> Carriage {
        guard let place, let secrets else { throw missing[0] }
        let client = parts.client(
            to: place.origin, trusting: trust?.path, limit: HookOptions.attemptLimit)
        let hook = Hook(
            client: client, clock: parts.clock, metrics: parts.metrics,
            options: HookOptions(path: place.path, secrets: secrets, from: parts.sender))
        return Carriage(
            carrier: hook, test: { await hook.carry($0) }, client: client,
            renewal: Carriage.Renewal(keys: [.hookSecret, .hookSecretFile]) { settings in
                guard let secrets = (settings as? HookSettings)?.secrets else {
                    throw ConfigurationRefused(.hookSecret, "missing")
                }
                return { hook.replace(secrets: secrets) }
            })
    }
}
