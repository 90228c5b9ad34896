import Foundation
import Keyturn
import Sockets
import TLS
import Web
import Wording

/// What stands in the files and folders that the configuration names. Read whole before the service, or a command that creates a
/// database, makes anything: whatever is wrong with them is refused while there is nothing to clean up.
struct NamedFiles: Sendable {
    let policy: PasswordPolicy
    let logo: Logo?
    let templates: [String: [UInt8]]
    let texts: CurrentTexts
    let certificate: ServerCertificate
    /// Of the admin address.
    let adminCertificate: ServerCertificate

    /// - Parameters: `publicURL` and `sender` if they are others than the configured ones: the demo's.
    /// - Throws: ``ConfigurationRefused`` for the first that cannot be used, with its key.
    init(_ settings: Settings, publicURL: String? = nil, sender: String? = nil) throws {
        policy = try settings.policy(publicURL: publicURL, sender: sender)
        logo = try settings.brand.logo()
        templates = try settings.brand.templates()
        texts = try CurrentTexts(TextFiles.catalogues(in: settings.pages.textsDirectory))
        certificate = try ServerCertificate(files: settings.server.tls)
        adminCertificate = try ServerCertificate(files: settings.adminTLS, keys: (.adminCertificate, .adminKey))
        try Self.checkTrust(settings.mail.caFile, .sendGridCAFile)
        try Self.checkTrust(settings.app?.caFile, .webhookCAFile)
        if let trust = settings.provider?.trust { try Self.checkTrust(trust.path, trust.key) }
        try settings.provider?.check()
        // Addresses are looked at here, too, because one of them is listened on only after the database was opened.
        _ = try SocketAddress(host: settings.server.host, port: settings.server.port, key: .host)
        _ = try SocketAddress(host: settings.adminHost, port: settings.adminPort, key: .adminHost)
    }

    /// Without this a file of no use would be found out by every message, and by no operator at start.
    /// - Parameter path: PEM; nil: the system's store is trusted.
    static func checkTrust(_ path: String?, _ key: Key) throws(ConfigurationRefused) {
        guard let path else { return }
        do { _ = try FileContents.bytes(of: path) } catch { throw ConfigurationRefused(key, "cannot read \(error)") }
        do { _ = try TLSClientContext(trust: .file(path: path)) } catch {
            throw ConfigurationRefused(key, "\(Printable.text(path)) holds no certificate in PEM")
        }
    }

    /// A folder that is made when the first file is written: as much of its path as is there must lead to a folder.
    static func checkFolder(_ path: String) throws(ConfigurationRefused) {
        var place = URL(fileURLWithPath: path).standardizedFileURL
        while !FileManager.default.fileExists(atPath: place.path), place.path != "/" { place.deleteLastPathComponent() }
        guard FileManager.default.fileExists(atPath: place.path + "/.") else {
            throw ConfigurationRefused(.captureDirectory, "\(Printable.text(place.path)) is no folder")
        }
    }
}
