/// Certificates made on the fly: an authority, its leaves, and everything that can be wrong with them.

internal import Foundation
internal import COpenSSL

package struct CertificateFailed: Error { let call: String }

/// A directory of its own that goes with the last reference.
package final class TestDirectory: Sendable {
    package let path: String

    package init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "keyturn-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// - Returns: the file's path.
    package func write(_ text: String, to name: String) throws -> String {
        let file = "\(path)/\(name)"
        try Data(text.utf8).write(to: URL(filePath: file))
        return file
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// What a certificate says. Defaults are those of a good leaf.
package struct CertificateRequest: Sendable {
    package enum Key: Sendable { case p256, rsa1024 }
    package var commonName = "keyturn test"
    package var dnsNames: [String] = []
    package var ipAddresses: [String] = []
    /// From and until, in seconds from now.
    package var validSeconds = (-3600)...86_400
    package var key = Key.p256
    package var isAuthority = false
    package var signsWithSHA1 = false

    package init() {}

    /// A good leaf for everything that loopback is called.
    package static let loopback = CertificateRequest.leaf(dnsNames: ["localhost"], ipAddresses: ["127.0.0.1", "::1"])

    package static func leaf(dnsNames: [String], ipAddresses: [String] = []) -> CertificateRequest {
        var request = CertificateRequest()
        request.dnsNames = dnsNames
        request.ipAddresses = ipAddresses
        return request
    }

    package static func authority(named name: String) -> CertificateRequest {
        var request = CertificateRequest()
        request.commonName = name
        request.isAuthority = true
        return request
    }

    package func valid(_ seconds: ClosedRange<Int>) -> CertificateRequest {
        var changed = self
        changed.validSeconds = seconds
        return changed
    }

    fileprivate var alternativeNames: String {
        (dnsNames.map { "DNS:\($0)" } + ipAddresses.map { "IP:\($0)" }).joined(separator: ",")
    }
}

/// A certificate with its key, which signs others where it is an authority's.
///
/// `@unchecked`: OpenSSL's objects are only read after `init`.
package final class Certificate: @unchecked Sendable {
    private let certificate: OpaquePointer
    private let key: OpaquePointer
    /// PEM of the certificate alone.
    package let pem: String
    /// PEM of the key, not encrypted.
    package let keyPEM: String

    /// Signed by itself.
    package static func selfSigned(_ request: CertificateRequest) throws -> Certificate {
        try Certificate(request, issuer: nil)
    }

    package static func authority(named name: String = "keyturn test authority") throws -> Certificate {
        try selfSigned(.authority(named: name))
    }

    /// Signed by this one.
    package func issue(_ request: CertificateRequest) throws -> Certificate { try Certificate(request, issuer: self) }

    private init(_ request: CertificateRequest, issuer: Certificate?) throws {
        key = try makeKey(request.key)
        guard let certificate = X509_new() else { throw CertificateFailed(call: "X509_new") }
        self.certificate = certificate
        X509_set_version(certificate, 2)
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), UInt64.random(in: 1...(1 << 62)))
        X509_gmtime_adj(X509_getm_notBefore(certificate), request.validSeconds.lowerBound)
        X509_gmtime_adj(X509_getm_notAfter(certificate), request.validSeconds.upperBound)
        X509_set_pubkey(certificate, key)
        let name = X509_get_subject_name(certificate)
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_FLAG | 1, request.commonName, -1, -1, 0)
        X509_set_issuer_name(certificate, X509_get_subject_name(issuer?.certificate ?? certificate))
        try addExtensions(of: request, to: certificate, issuer: issuer?.certificate ?? certificate)
        let digest = request.signsWithSHA1 ? EVP_sha1() : EVP_sha256()
        guard X509_sign(certificate, issuer?.key ?? key, digest) > 0 else { throw CertificateFailed(call: "X509_sign") }
        let (signed, secret) = (certificate, key)
        pem = try text { PEM_write_bio_X509($0, signed) }
        keyPEM = try text { PEM_write_bio_PrivateKey($0, secret, nil, nil, 0, nil, nil) }
    }

    deinit {
        X509_free(certificate)
        EVP_PKEY_free(key)
    }
}

func makeKey(_ kind: CertificateRequest.Key) throws -> OpaquePointer {
    let context = EVP_PKEY_CTX_new_from_name(nil, kind == .p256 ? "EC" : "RSA", nil)
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    guard EVP_PKEY_keygen_init(context) == 1,
        kind == .p256
            ? EVP_PKEY_CTX_set_group_name(context, "P-256") == 1
            : EVP_PKEY_CTX_set_rsa_keygen_bits(context, 1024) == 1,
        EVP_PKEY_generate(context, &key) == 1, let key
    else { throw CertificateFailed(call: "EVP_PKEY_generate") }
    return key
}

private func addExtensions(
    of request: CertificateRequest, to certificate: OpaquePointer, issuer: OpaquePointer
) throws {
    var extensions = [
        (NID_basic_constraints, request.isAuthority ? "critical,CA:TRUE" : "critical,CA:FALSE"),
        (NID_key_usage, request.isAuthority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature"),
        (NID_subject_key_identifier, "hash"),
    ]
    if !request.isAuthority { extensions.append((NID_ext_key_usage, "serverAuth")) }
    if issuer != certificate { extensions.append((NID_authority_key_identifier, "keyid")) }
    if !request.alternativeNames.isEmpty { extensions.append((NID_subject_alt_name, request.alternativeNames)) }
    for (kind, value) in extensions {
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, issuer, certificate, nil, nil, 0)
        guard let made = X509V3_EXT_conf_nid(nil, &context, kind, value) else {
            throw CertificateFailed(call: "X509V3_EXT_conf_nid \(value)")
        }
        X509_add_ext(certificate, made, -1)
        X509_EXTENSION_free(made)
    }
}

/// What a function writes into a BIO.
private func text(_ write: (OpaquePointer?) -> Int32) throws -> String {
    let bio = BIO_new(BIO_s_mem())
    defer { BIO_free(bio) }
    guard write(bio) == 1 else { throw CertificateFailed(call: "PEM_write_bio") }
    var bytes = [UInt8](repeating: 0, count: BIO_ctrl_pending(bio))
    guard BIO_read(bio, &bytes, Int32(bytes.count)) == Int32(bytes.count) else {
        throw CertificateFailed(call: "BIO_read")
    }
    return String(decoding: bytes, as: UTF8.self)
}

/// A chain and its key on disk, as a server's settings name them, and the file of whom a client should trust.
package struct ServerIdentity: Sendable {
    package let certificateFile: String
    package let keyFile: String
    /// PEM of the authority that signed the chain's last certificate (or of a stranger, if asked for).
    package let authorityFile: String
    /// What that file holds.
    package let authority: String
    /// Keeps the files.
    private let directory: TestDirectory

    /// - Parameter chain: the leaf first.
    package init(chain: [Certificate], trusted: Certificate) throws {
        directory = try TestDirectory()
        certificateFile = try directory.write(chain.map(\.pem).joined(), to: "certificate.pem")
        keyFile = try directory.write(chain[0].keyPEM, to: "key.pem")
        authority = trusted.pem
        authorityFile = try directory.write(trusted.pem, to: "authority.pem")
    }

    /// A leaf by an authority of its own.
    package init(_ request: CertificateRequest = .loopback) throws {
        let authority = try Certificate.authority()
        try self.init(chain: [authority.issue(request)], trusted: authority)
    }
}
