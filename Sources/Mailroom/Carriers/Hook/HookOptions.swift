package import Keyturn

/// Settings of ``Hook``, with their defaults.
package struct HookOptions: Sendable {
    /// With the query, percent-encoded.
    package var path: String
    package var secrets: WebhookSecrets
    package var from: Sender
    /// For one attempt. The client that is handed to ``Hook`` keeps it.
    package static let attemptLimit: Duration = .seconds(10)
    package init(path: String, secrets: WebhookSecrets, from: Sender) {
        (self.path, self.secrets, self.from) = (path, secrets, from)
    }
}
