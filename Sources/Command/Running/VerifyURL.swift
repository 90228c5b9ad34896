import Cryptography
import HTTP
import HTTPClient
import Keyturn
import Sockets
import StrictJSON
import TLS

/// `passwords.verifyURL`: asks the app whether a password is right. One request for each login that asks, never repeated, no redirect
/// followed, signed by the scheme of Standard Webhooks.
struct VerifyURL: PasswordVerifier {
    private let client: HTTPClient
    private let path: String
    /// nil: not signed, which is accepted on this machine only.
    private let secrets: WebhookSecrets?
    private let clock: WallClock

    init(client: HTTPClient, path: String, secrets: WebhookSecrets?, clock: WallClock) {
        self.client = client
        self.path = path
        self.secrets = secrets
        self.clock = clock
    }

    func verdict(on password: String, of email: EmailAddress) async -> PasswordVerdict {
        let body = JSON.members(("email", .string(email.text)), ("password", .string(password))).write()
        guard let response = try? await client.send(.post, path, fields: fields(signing: body), body: body) else {
            return .unavailable
        }
        return response.isWhole ? Self.verdict(status: response.status.code, body: response.body) : .unavailable
    }

    private func fields(signing body: [UInt8]) -> [(FieldName, String)] {
        let fields: [(FieldName, String)] = [("Content-Type", "application/json"), ("Accept", "application/json")]
        guard let secrets else { return fields }
        let (id, seconds) = ("msg_" + Base64URL.encode(SecureRandom.bytes(16)), clock.now().seconds)
        return fields + [
            ("webhook-id", id), ("webhook-timestamp", String(seconds)),
            ("webhook-signature", secrets.signature(id: id, seconds: seconds, body: body)),
        ]
    }

    /// 200 with exactly `{"valid": true}` admits; 200 with anything else does not. An answer of another status counts only if its body says
    /// `{"valid": false}`; else the app has not answered.
    static func verdict(status: Int, body: [UInt8]) -> PasswordVerdict {
        var valid: Bool?
        if case .object(let members)? = try? JSON(parsing: body), members.count == 1, members[0].name == "valid",
            case .bool(let value) = members[0].value
        {
            valid = value
        }
        if status == 200 { return valid == true ? .valid : .invalid }
        return (400...499).contains(status) && valid == false ? .invalid : .unavailable
    }
}

extension Settings.PasswordCheck {
    /// The client ends before its loops do.
    func verifier(loops: EventLoops, clock: WallClock) -> (verifier: VerifyURL, client: HTTPClient) {
        var options = HTTPClientOptions.standard
        options.connectionsMax = 16
        options.totalLimit = .seconds(3)
        options.responseBytesMax = 4096
        let client = HTTPClient(to: origin, trust: .system, loops: loops, options: options)
        return (VerifyURL(client: client, path: path, secrets: secrets, clock: clock), client)
    }
}
