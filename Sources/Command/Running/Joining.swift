import Foundation
import HTTP
import HTTPClient
import Keyturn
import Mailroom
import PasswordHashing
import Sockets
import TLS
import Telemetry
import Web

/// Small bridges between what is configured and what the rooms take.
enum System {
    static var cores: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }
}

extension HTTPClientOptions {
    /// Those of every client: providers and proxies hear who asks.
    static var standard: HTTPClientOptions {
        var options = HTTPClientOptions()
        options.userAgent = "keyturn/\(Version.text)"
        return options
    }
}

extension SocketAddress {
    /// Listening addresses are written as numbers; `localhost` is the one name we know.
    init(host: String, port: UInt16, key: Key) throws {
        let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        guard let address = IPAddress(parsing: bare == "localhost" ? "127.0.0.1" : bare) else {
            throw ConfigurationRefused(key, "must be an IP address, such as 127.0.0.1, 0.0.0.0 or ::")
        }
        self = .ip(bytes: address.bytes, port: port)
    }

    /// `http://127.0.0.1:8080`
    func url(secure: Bool) -> String {
        let scheme = secure ? "https" : "http"
        switch self {
        case .ip(let bytes, let port):
            let address = IPAddress(bytes: bytes)?.description ?? ""
            return "\(scheme)://\(bytes.count == 16 ? "[\(address)]" : address):\(port)"
        case .unix(let path): return "\(scheme)+unix://\(path)"
        }
    }
}

extension Listener {
    /// - Throws: what the operator can do about it, with the key that names the address.
    static func bound(to address: SocketAddress, key: Key) throws -> Listener {
        do { return try Listener(address) } catch {
            throw ConfigurationRefused(key, error.words(listeningOn: address, key: key))
        }
    }
}

extension SocketFailed {
    /// Whether another socket listens at that address.
    var isAddressInUse: Bool { if case .system(_, EADDRINUSE) = self { true } else { false } }

    /// What is wrong with a place to listen at, and the way out if there is a usual one.
    fileprivate func words(listeningOn address: SocketAddress, key: Key) -> String {
        let place =
            switch address {
            case .ip: String(address.url(secure: false).dropFirst("http://".count))
            case .unix(let path): Printable.text(path)
            }
        guard case .system(_, let number) = self else { return "cannot listen on \(place): \(self)" }
        let way =
            switch (number, address) {
            case (EADDRINUSE, .ip(_, let port)):
                ": another program listens on port \(port). Stop it, or set \(key.name) to another port"
            case (EADDRINUSE, .unix): ": another process listens there. Stop it, or set \(key.name) to another path"
            case (EADDRNOTAVAIL, _): ": this machine does not have that address"
            case (EACCES, .ip(_, let port)) where port < 1024:
                ": ports below 1024 are for root, or for a process with CAP_NET_BIND_SERVICE"
            default: ": \(SystemWords.words(errno: number))"
            }
        return "cannot listen on \(place)\(way)"
    }
}

extension OpenFailed: CustomStringConvertible {
    /// What the operator reads at start.
    package var description: String {
        switch self {
        case .cannotOpen(let path, let reason): "database.path: \(Printable.text(path)): \(reason)"
        case .missing(let path):
            """
            database.path: there is no \(Printable.text(path)). If there should be one, correct the path, or name the configuration \
            with --config; else `keyturn serve` or `keyturn migrate` creates it
            """
        case .migrations(let words): words
        }
    }
}

extension WebOptions {
    mutating func takeOver(_ pages: PageSettings) {
        hasLogin = pages.hasLogin
        loginURL = pages.loginURL
        homeURL = pages.homeURL
        returnURLs = pages.returnURLs
        languages = pages.languages
    }
}

extension Settings {
    /// Which passwords may be chosen. The one place where the names of the site are put together.
    /// - Parameters: `publicURL` and `sender` where the configuration has none of its own: the demo's.
    func policy(publicURL: String? = nil, sender: String? = nil) throws -> PasswordPolicy {
        let blocklist = try passwords.blocklistFile.map(BlocklistFile.init)
        let site = SiteNames(
            host: (publicURL ?? server.publicURL).flatMap { URL(string: $0)?.host() } ?? "",
            called: [brand.name, sender ?? mail.fromName].compactMap(\.self))
        return PasswordPolicy(
            minimumLength: passwords.minimumLength, maximumLength: passwords.maximumLength, site: site,
            extraBlocklist: blocklist?.passwords ?? [], breached: blocklist?.digests,
            maximumBytes: passwords.scheme.maximumBytes, keepsTyped: !users.areOurs)
    }
}

/// `passwords.blocklistFile`: passwords, a line each, which are held in memory; or sorted digests, which are searched on disk.
struct BlocklistFile {
    /// The largest list of passwords that is held.
    private static let plainBytesMax = 64 << 20

    /// As they were written.
    private(set) var passwords: [String] = []
    private(set) var digests: SortedHashes?

    init(_ path: String) throws(ConfigurationRefused) {
        let (size, beginning): (UInt64, Data)
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            size = try file.seekToEnd()
            try file.seek(toOffset: 0)
            beginning = try file.read(upToCount: SortedHashes.beginningBytes) ?? Data()
        } catch {
            throw ConfigurationRefused(.blocklistFile, "cannot read \(FileRefused(path, error))")
        }
        if let digits = SortedHashes.digits(in: Array(beginning)) {
            digests = SortedHashes(path: path, digits: digits)
            guard digests != nil else {
                throw ConfigurationRefused(.blocklistFile, "cannot read \(FileRefused(path, errno: errno))")
            }
            return
        }
        guard size <= Self.plainBytesMax else {
            throw ConfigurationRefused(
                .blocklistFile,
                "\(Printable.text(path)) is larger than 64 MiB and does not begin with sorted SHA-1 digests, one a line"
            )
        }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw ConfigurationRefused(.blocklistFile, "\(Printable.text(path)) is not UTF-8 text")
        }
        // Some editors mark UTF-8 by a byte order mark; it is not part of the first password.
        let lines =
            text.unicodeScalars.first == "\u{FEFF}" ? Substring(text.unicodeScalars.dropFirst()) : Substring(text)
        passwords = lines.split(whereSeparator: \.isNewline).map(String.init)
    }
}

extension Settings.Mail {
    func sendGrid(
        from sender: Sender, sandbox: Bool = false, loops: EventLoops, clock: WallClock, metrics: Metrics?
    ) throws -> (SendGrid, HTTPClient) {
        guard let apiKey else { throw ConfigurationRefused(.sendGridKey, "missing: mail.provider is sendgrid") }
        try NamedFiles.checkTrust(caFile, .sendGridCAFile)
        var connecting = HTTPClientOptions.standard
        connecting.proxy = proxy
        connecting.connectionsMax = parallel
        let client = HTTPClient(
            to: baseURL, trust: caFile.map { .file(path: $0) } ?? .system, loops: loops, options: connecting)
        var options = SendGridOptions(apiKey: apiKey, from: sender)
        options.bypassSuppressions = bypassSuppressions
        options.replyTo = replyTo
        options.categories = categories
        options.templateID = templateID
        options.sandbox = sandbox
        return (try SendGrid(client: client, clock: clock, metrics: metrics, options: options), client)
    }
}

extension Settings.App {
    /// The client ends before its loops do.
    func sender(loops: EventLoops, clock: WallClock) throws(ConfigurationRefused) -> (
        sender: WebhookSender, client: HTTPClient
    ) {
        try NamedFiles.checkTrust(caFile, .webhookCAFile)
        var options = HTTPClientOptions.standard
        options.connectionsMax = WebhookWorker.parallelMax
        let client = HTTPClient(
            to: origin, trust: caFile.map { .file(path: $0) } ?? .system, loops: loops, options: options)
        return (WebhookSender(client: client, path: path, secrets: secrets, clock: clock), client)
    }
}
