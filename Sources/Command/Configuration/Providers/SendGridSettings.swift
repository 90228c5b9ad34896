import Mailroom

/// `mail.sendgrid`. Its values are also what `doctor` looks at and what the Event Webhook is checked with, so they stand in
/// ``Settings/Mail``.
struct SendGridSettings: ProviderSettings {
    static let keys: [Key] = [
        .sendGridKey, .sendGridKeyFile, .sendGridURL, .sendGridCAFile, .bypassSuppressions, .sendGridReplyTo,
        .sendGridCategories, .sendGridTemplate, .sendGridEventsKey, .sendGridProxy, .sendGridNoProxy,
    ]
    static let secretFiles: [Key] = [.sendGridKeyFile]

    let mail: Settings.Mail

    init(_ mail: Settings.Mail, _ values: Values, readFile: (String) throws -> [UInt8]) { self.mail = mail }

    var missing: [ConfigurationRefused] {
        mail.apiKey == nil ? [ConfigurationRefused(.sendGridKey, "missing: mail.provider is sendgrid")] : []
    }
    var trust: (path: String?, key: Key)? { (mail.caFile, .sendGridCAFile) }

    func carriage(_ parts: CarriageParts) throws -> Carriage {
        let (sendGrid, client) = try mail.sendGrid(
            from: parts.sender, sandbox: parts.isSandbox, loops: parts.loops, clock: parts.clock,
            metrics: parts.metrics)
        return Carriage(
            carrier: sendGrid, test: { await sendGrid.carry($0) }, client: client,
            renewal: Carriage.Renewal(keys: [.sendGridKey, .sendGridKeyFile]) { settings in
                guard let apiKey = (settings as? SendGridSettings)?.mail.apiKey else {
                    throw ConfigurationRefused(.sendGridKey, "missing")
                }
                return { try sendGrid.replace(apiKey: apiKey) }
            })
    }
}
