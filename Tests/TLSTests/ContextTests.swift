/// Settings that cannot work, told apart.

import TLS
import TestKit
import Testing

@Suite struct `A context of TLS` {
    private let directory: TestDirectory
    private let identity: ServerIdentity

    init() throws {
        directory = try TestDirectory()
        identity = try ServerIdentity()
    }

    @Test func `trusts the system's store`() throws { _ = try TLSClientContext(trust: .system) }

    @Test(arguments: [
        (nil, "No such file or directory"), ("", "no certificate or crl found"),
        ("no PEM", "no certificate or crl found"),
    ])
    func `says why a file of certificates is not one`(content: String?, reason: String) throws {
        let path = try content.map { try directory.write($0, to: "trust.pem") } ?? "\(directory.path)/missing"
        let failed = #expect(throws: TLSFailed.self) { try TLSClientContext(trust: .file(path: path)) }
        guard case .trust(path, let said) = failed else { throw try #require(failed) }
        #expect(said == reason)
    }

    @Test func `reads no other file where a name is cut short by NUL`() {
        let cut = { (path: String) in path + "\0x" }
        let (leaf, key, authority) = (cut(identity.certificateFile), cut(identity.keyFile), cut(identity.authorityFile))
        #expect(throws: TLSFailed.trust(path: authority, reason: "no reason given")) {
            try TLSClientContext(trust: .file(path: authority))
        }
        #expect(throws: TLSFailed.certificate(path: leaf, reason: "no reason given")) {
            try TLSServerContext(certificateFile: leaf, keyFile: identity.keyFile)
        }
        #expect(throws: TLSFailed.key(path: key, reason: "no reason given")) {
            try TLSServerContext(certificateFile: identity.certificateFile, keyFile: key)
        }
    }

    @Test func `names the certificate's file where that is wrong`() throws {
        let path = try directory.write("no PEM", to: "certificate.pem")
        #expect(throws: TLSFailed.certificate(path: path, reason: "no start line")) {
            try TLSServerContext(certificateFile: path, keyFile: identity.keyFile)
        }
    }

    @Test func `names the key's file where it belongs to another certificate`() throws {
        let other = try ServerIdentity()
        #expect(throws: TLSFailed.key(path: other.keyFile, reason: "key values mismatch")) {
            try TLSServerContext(certificateFile: identity.certificateFile, keyFile: other.keyFile)
        }
    }

    @Test func `asks nobody for the passphrase of a key`() throws {
        let path = try directory.write(Self.encryptedKey, to: "key.pem")
        let failed = #expect(throws: TLSFailed.self) {
            try TLSServerContext(certificateFile: identity.certificateFile, keyFile: path)
        }
        guard case .key(path, _) = failed else { throw try #require(failed) }
    }

    @Test func `asks nobody for the passphrase of a certificate`() throws {
        let path = try directory.write(Self.encryptedCertificate, to: "certificate.pem")
        let failed = #expect(throws: TLSFailed.self) {
            try TLSServerContext(certificateFile: path, keyFile: identity.keyFile)
        }
        #expect(failed == .certificate(path: path, reason: "bad password read"))
    }

    @Test(arguments: ["", String(repeating: "x", count: 256)])
    func `takes no protocol without a name or with one too long`(name: String) throws {
        #expect(throws: TLSFailed.settings(reason: "an application protocol's name is empty or too long")) {
            try TLSClientContext(trust: .system, applicationProtocols: [name])
        }
    }

    /// Nobody comes so far as to find it empty.
    private static let encryptedCertificate = """
        -----BEGIN CERTIFICATE-----
        Proc-Type: 4,ENCRYPTED
        DEK-Info: AES-128-CBC,7035565A4615E8C63E92C3A0D9DF9116

        IdpquP3KAmPsx4mQBfIwSQ==
        -----END CERTIFICATE-----
        """

    /// Made for this test alone; its passphrase is `test`.
    private static let encryptedKey = """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAis+kqZqcHe4QICCAAw
        DAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEEO/AdlV3H/mjHbNY+N6/lmQEgZB/
        BjLmcrlFE02eucac8ybMUKwGxCQYmXif/Moybc5xJBGqmhHhHAhXK4GDD6Bykhkq
        TGzPIz6ejH+LKNC6dbt6CMe6GNMyErORP7yPpSSJLLnKkrpCKPRkhOdnwMU/Namz
        msaFNFjMZ5iYox4aIfv8yjFymxF3eR9pASMJVca76EV2DY3Z2uTV5duY5BtFFSA=
        -----END ENCRYPTED PRIVATE KEY-----
        """
}
