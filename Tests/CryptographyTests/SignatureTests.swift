import Cryptography
import Testing

@Suite struct `A signature on P-256` {
    /// Key, signature and message of the tests of SendGrid's own Python library.
    private static let key =
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
    private static let signature =
        "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
    private static let message =
        #"1600112502[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]"#
        + "\r\n"

    private func key(_ text: String) -> P256PublicKey? { Base64.decode(text.utf8).flatMap { P256PublicKey(der: $0) } }

    @Test func `of SendGrid's is verified`() throws {
        let signature = try #require(Base64.decode(Self.signature.utf8))
        #expect(try #require(self.key(Self.key)).verifies(signature, of: Array(Self.message.utf8)))
    }

    @Test func `fits nothing else`() throws {
        let key = try #require(self.key(Self.key))
        let signature = try #require(Base64.decode(Self.signature.utf8))
        let message = Array(Self.message.utf8)
        #expect(!key.verifies(signature, of: message.dropLast(2)))
        #expect(!key.verifies(signature, of: message + [0x0A]))
        #expect(!key.verifies(signature, of: []))
        for index in signature.indices {
            var other = signature
            other[index] ^= 1
            #expect(!key.verifies(other, of: message), "byte \(index)")
        }
        for wrong in [[], Array(signature.dropLast()), signature + [0], [UInt8](repeating: 0x30, count: 10_000)] {
            #expect(!key.verifies(wrong, of: message))
        }
        let stranger = self.key(
            "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEcUhsZ/W6M+Elh+ASBDS0eGkPPC+EmDAGrNRNspkT+QrEsMxzzPqvMsQQKh+gfFwEtno9UkiZyTzDe7InAWePNw=="
        )
        #expect(try !#require(stranger).verifies(signature, of: message))
    }

    @Test(arguments: [
        // P-384, secp256k1, RSA.
        "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEOt38HMHEa+SWYAg0J0t4ys1vlDbqHqTF7y/c1z/fcvYbYsRwgvPcU+7v+dNzMqjOpY96YPlHJKxsgUBT+ebhi1JLExCVLuaf7/wGKGnGVfmmnx34tcxfR2b5/y9ps0jJ",
        "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEt6zxpqQObgezdP7AcccKdNmicxzZBMIkvlaf1A7F/P8wtHy3NqPUbIUg+0KR4IOayv62kkcW5WpiXgAj2kurSQ==",
        "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDU3a2Iz7fQuElvd9VYLr8XUEyvV22NB/OIfQydnsKq1zaj5totDXDMeF6llyji30C/wu30YcT0nOJnPHKa2N25MExIYYK3B8wfZoovfWSGzWY0g+q5W8NbKZQyQgsqxtqEfj20x0OvvFzNKq0XsPLHMUbriz7rKBg7E+AF0qil8QIDAQAB",
        // A point that is not on the curve; nothing.
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+A==",
        "",
    ])
    func `needs a key on that curve`(text: String) { #expect(key(text) == nil) }

    @Test func `needs a key that is whole, with nothing behind it`() throws {
        let der = try #require(Base64.decode(Self.key.utf8))
        for length in 0..<der.count { #expect(P256PublicKey(der: Array(der.prefix(length))) == nil) }
        #expect(P256PublicKey(der: der + [0]) == nil)
        #expect(P256PublicKey(der: der + [UInt8](repeating: 0, count: 100_000)) == nil)
    }
}
