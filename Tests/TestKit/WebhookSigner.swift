/// SendGrid's side of its signed Event Webhook.

internal import COpenSSL
internal import Cryptography

/// Signs with a key of its own, as SendGrid does.
///
/// `@unchecked`: the key is only read after `init`.
package final class WebhookSigner: @unchecked Sendable {
    private let key: OpaquePointer
    /// SubjectPublicKeyInfo in base64, as SendGrid shows it.
    package let publicKey: String

    package init() throws {
        key = try makeKey(.p256)
        var der: UnsafeMutablePointer<UInt8>?
        let length = i2d_PUBKEY(key, &der)
        guard length > 0, let der else { throw CertificateFailed(call: "i2d_PUBKEY") }
        publicKey = Base64.encode(Array(UnsafeBufferPointer(start: der, count: Int(length))))
        CRYPTO_free(der, #file, #line)
    }

    deinit { EVP_PKEY_free(key) }

    /// Over the timestamp and the body, in base64.
    package func sign(_ timestamp: String, _ body: String) throws -> String {
        let message = Array((timestamp + body).utf8)
        guard let context = EVP_MD_CTX_new() else { throw CertificateFailed(call: "EVP_MD_CTX_new") }
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 80)
        var length = signature.count
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
            EVP_DigestSign(context, &signature, &length, message, message.count) == 1
        else { throw CertificateFailed(call: "EVP_DigestSign") }
        return Base64.encode(Array(signature.prefix(length)))
    }

    /// The two fields beside the body, each a line.
    package func fields(at seconds: Int64, _ body: String) throws -> [String] {
        [
            "X-Twilio-Email-Event-Webhook-Signature: \(try sign(String(seconds), body))",
            "X-Twilio-Email-Event-Webhook-Timestamp: \(seconds)",
        ]
    }
}
