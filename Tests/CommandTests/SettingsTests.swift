import Cryptography
import Foundation
import HTTPClient
import Keyturn
import PasswordHashing
import Testing

@testable import Command

@Suite struct `The settings` {
    static let secret = "0123456789abcdefghijklmnopqrstuvwxyzABCDEF"

    func settings(_ environment: [String: String] = [:], file: String? = nil, flags: [String: String] = [:]) throws
        -> Settings
    {
        let layers = try Layers(flags: flags, environment: environment, file: file.map { Array($0.utf8) })
        return try Settings(layers, readFile: { _ in Array("\(Self.secret)\n\n".utf8) })
    }

    func refusal(_ environment: [String: String] = [:], file: String? = nil, flags: [String: String] = [:]) -> String? {
        do { _ = try settings(environment, file: file, flags: flags) } catch { return "\(error)" }
        return nil
    }

    @Test func `have defaults for all that can have one`() throws {
        let settings = try settings()
        #expect(settings.server.host == "127.0.0.1")
        #expect(settings.server.port == 8080)
        #expect(settings.adminPort == 9090)
        #expect(settings.resetLifetime == .seconds(1800))
        #expect(settings.passwords.minimumLength == 15)
        #expect(settings.outbox.capacity == 100_000)
        #expect(settings.mail.budget.burst == 3)
        #expect(settings.mail.parallel == 8)
    }

    @Test func `say what the app beside us does to a password`() throws {
        let plain = try settings().passwords
        #expect(plain.treatment == PasswordTreatment())
        #expect(plain.rehashes && plain.check == nil)
        let set = try settings([
            "KEYTURN_PASSWORDS_PEPPER": "zq7-Pepper ", "KEYTURN_PASSWORDS_TRIM": "true",
            "KEYTURN_PASSWORDS_ESCAPE_HTML": "true",
            "KEYTURN_PASSWORDS_REHASH": "false", "KEYTURN_PASSWORDS_VERIFY_URL": "http://127.0.0.1:8081/check?a=b",
        ]).passwords
        #expect(set.treatment.pepper == Array("zq7-Pepper ".utf8))
        #expect(set.treatment.trims && set.treatment.escapesHTML && !set.rehashes)
        #expect(set.check?.path == "/check?a=b")
        // A file's line ends are none of it.
        let filed = try settings(["KEYTURN_PASSWORDS_PEPPER_FILE": "pepper"]).passwords
        #expect(filed.treatment.pepper == Array(Self.secret.utf8))
    }

    @Test(arguments: [
        ("bcrypt-2a", NewPasswordScheme.bcrypt(cost: 12, as: .a)), ("bcrypt-2y", .bcrypt(cost: 12, as: .y)),
        ("wordpress-bcrypt", .wordPressBCrypt(cost: 12)), ("aspnet-identity-v3", .aspNetIdentity(iterations: 210_000)),
    ])
    func `name a scheme for new passwords`(name: String, scheme: NewPasswordScheme) throws {
        let passwords = try settings(["KEYTURN_PASSWORDS_SCHEME": name]).passwords
        #expect(passwords.scheme == scheme)
        #expect(!passwords.isCheap)
    }

    @Test func `have the advised cost of a hash as their default`() throws {
        #expect(try settings().passwords.scheme == .scrypt(Scrypt.Cost(logN: 14, r: 8, p: 5)))
    }

    @Test func `come from flags before the environment before the file`() throws {
        let file = #"{"server": {"port": 1001, "host": "0.0.0.0"}, "tokens": {"resetLifetime": "45m"}}"#
        let environment = ["KEYTURN_SERVER_PORT": "1002", "KEYTURN_SERVER_HOST": "::1"]
        let settings = try settings(environment, file: file, flags: ["server.port": "1003"])
        #expect(settings.server.port == 1003)
        #expect(settings.server.host == "::1")
        #expect(settings.resetLifetime == .seconds(2700))
    }

    @Test func `take lists from the file and, comma-separated, from the environment`() throws {
        #expect(
            try settings(file: #"{"server": {"allowedOrigins": ["https://a.example"]}}"#).server.allowedOrigins == [
                "https://a.example"
            ])
        let environment = ["KEYTURN_SERVER_ALLOWED_ORIGINS": "https://a.example, https://b.example:8443"]
        #expect(try settings(environment).server.allowedOrigins == ["https://a.example", "https://b.example:8443"])
    }

    @Test(arguments: [
        "my corner books shelf": true, "my CornerBooks shelf": true, "the reading room rules": true,
        "accounts of the year": true, "my bookshop password": true, "my online radio and I": false,
        "quiet river, late train": false,
    ])
    func `say which names of the site no password may contain: brand, sender and host`(
        password: String, isRefused: Bool
    )
        throws
    {
        let settings = try settings([
            "KEYTURN_SERVER_PUBLIC_URL": "https://accounts.bookshop.online:8443", "KEYTURN_BRAND_NAME": "Corner Books",
            "KEYTURN_MAIL_FROM_NAME": "The Reading Room", "KEYTURN_MAIL_FROM_EMAIL": "no-reply@example.com",
        ])
        let policy = try settings.policy()
        let ann = EmailAddress(stored: "ann@example.com")
        var problems: [PasswordProblem] = []
        do { _ = try policy.accept(password, for: ann) } catch { problems = error.problems }
        #expect(problems == (isRefused ? [.containsSite] : []))
    }

    @Test func `take remarks for what they are`() throws {
        #expect(try settings(file: #"{"// port": "why", "server": {"//": "here", "port": 1}}"#).server.port == 1)
    }

    @Test(arguments: [
        (#"{"server": {"prot": 1}}"#, "server.prot: unknown key (did you mean server.port?)"),
        (#"{"server": {"port": "http"}}"#, "server.port: must be a whole number"),
        (#"{"server": {"port": 65536}}"#, "server.port: must be between 0 and 65535"),
        (#"{"mail": {"parallel": 0}}"#, "mail.parallel: must be between 1 and 256"),
        (#"{"mail": {"parallel": 257}}"#, "mail.parallel: must be between 1 and 256"),
        (#"{"server": {"port": 80.5}}"#, "server.port: must be a whole number"),
        (#"{"server": {"publicURL": "example.com"}}"#, "server.publicURL: must be http"),
        (#"{"server": {"publicURL": "https://user@example.com"}}"#, "server.publicURL: must be http"),
        (#"{"server": {"trustedProxies": ["10.0.0.0/33"]}}"#, "server.trustedProxies: each must be a network"),
        (#"{"secrets": {"standard": ["short"]}}"#, "secrets.standard: each secret needs at least 32 bytes"),
        (
            #"{"secrets": {"standard": ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]}}"#,
            "secrets.standard: a secret with so few different characters"
        ),
        (
            #"{"secrets": {"standard": ["replace-me-with-the-output-of-keyturn-secret-generate"]}}"#,
            "secrets.standard: is still the value of the example"
        ),
        (
            #"{"tokens": {"resetLifetime": "5m"}}"#,
            "tokens.resetLifetime (5m) is shorter than mail.perAccount.interval (10m)"
        ),
        (
            #"{"audit": {"maximumAge": "1d"}, "mail": {"perAccount": {"interval": "30m", "burst": 49}}}"#,
            "audit.maximumAge (1d) is shorter than mail.perAccount.interval times mail.perAccount.burst"
        ),
        (#"{"audit": {"maximumAge": "23h"}}"#, "audit.maximumAge: must be between 1d and 3660d"),
        (#"{"tokens": {"resetLifetime": "25h"}}"#, "tokens.resetLifetime: must be between 1s and 1d"),
        (#"{"passwords": {"minimumLength": 7}}"#, "passwords.minimumLength: must be between 8 and"),
        (#"{"passwords": {"scheme": "md5"}}"#, "passwords.scheme: must be one of scrypt, argon2id, bcrypt"),
        (
            #"{"passwords": {"scrypt": {"logN": 18, "r": 16}}}"#,
            "passwords.scheme: the configured cost takes more than 256 MiB or about two seconds per hash"
        ),
        (
            #"{"passwords": {"verifyURL": "http://app.example/"}}"#,
            "passwords.verifyURL: must be https://host[:port]/path"
        ),
        (#"{"passwords": {"verifyURL": "https://app.example/"}}"#, "passwords.verifySecret: missing"),
        (
            #"{"passwords": {"verifyURL": "https://app.example/", "verifySecret": ["short"]}}"#,
            "passwords.verifySecret: each must be whsec_"
        ),
        (#"{"passwords": {"rehash": "maybe"}}"#, "passwords.rehash: must be"),
        (#"{"passwords": {"trim": "maybe"}}"#, "passwords.trim: must be"),
        (#"{"mail": {"provider": "smtp"}}"#, "mail.provider: must be one of sendgrid, hook, sendmail, capture"),
        (#"{"mail": {"sendgrid": {"baseURL": "http://example.com"}}}"#, "mail.sendgrid.baseURL: must be https"),
        (#"{"mail": {"sendgrid": {"apiKey": "SG.\u00e9"}}}"#, "mail.sendgrid.apiKey: must be printable ASCII"),
        (#"{"mail": {"sendgrid": {"replyTo": "nobody"}}}"#, "mail.sendgrid.replyTo: is not an email address"),
        (
            #"{"mail": {"sendgrid": {"categories": ["a", "a"]}}}"#,
            "mail.sendgrid.categories: at most 9, each of 1 to 255"
        ),
        (
            #"{"mail": {"sendgrid": {"categories": ["1","2","3","4","5","6","7","8","9","10"]}}}"#,
            "mail.sendgrid.categories: at most 9"
        ),
        (#"{"mail": {"sendgrid": {"categories": ["password-reset"]}}}"#, "mail.sendgrid.categories: at most 9"),
        (
            #"{"mail": {"sendgrid": {"templateID": "13b8f94f-bcae-4ec6-b752-70d6cb59f932"}}}"#,
            "mail.sendgrid.templateID: must be the id of a dynamic template: d- and 32 hexadecimal digits"
        ),
        (
            #"{"mail": {"sendgrid": {"eventsPublicKey": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"}}}"#,
            "mail.sendgrid.eventsPublicKey: is not the webhook's verification key"
        ),
        (#"{"limits": {"perClient": {"rate": "30"}}}"#, "limits.perClient.rate: must be a rate such as"),
        (
            #"{"server": {"port": 1, "port": 2}}"#,
            "the configuration file is not valid JSON: a name appears twice in one object, line 1"
        ),
        ("{\"server\":\n {,}}", "the configuration file is not valid JSON: syntax error in line 2"),
        ("[]", "the configuration file must hold one JSON object"),
    ])
    func `are refused in words that name the key`(file: String, words: String) {
        #expect(refusal(file: file)?.hasPrefix(words) == true, "\(refusal(file: file) ?? "accepted")")
    }

    @Test func `have a public URL that always fits into a token`() throws {
        let longest = "https://" + String(repeating: "a", count: 253) + ":65535"
        #expect(try settings(["KEYTURN_SERVER_PUBLIC_URL": longest]).server.publicURL == longest)
        #expect(longest.utf8.count <= ResetLinks.issuerLimitBytes)
        let zeros = String(repeating: "0", count: 400)
        for url in [
            "https://" + String(repeating: "a", count: 254), "https://a.example:\(zeros)1", "https://[\(zeros)::1]",
        ] {
            #expect(refusal(["KEYTURN_SERVER_PUBLIC_URL": url])?.hasPrefix("server.publicURL: ") == true)
        }
    }

    @Test func `never show a secret in a refusal`() {
        let words = refusal(["KEYTURN_SECRETS_STANDARD": "hunter2,\(Self.secret)"])
        #expect(
            words
                == "secrets.standard: each secret needs at least 32 bytes: generate one with `keyturn secret generate`")
    }

    @Test func `read secrets from a file, a line each`() throws {
        #expect(try settings(["KEYTURN_SECRETS_FILE": "/run/secret"]).secrets?.keys == [Array(Self.secret.utf8)])
    }

    @Test func `cut the line end behind an API key`() throws {
        #expect(try settings(["SENDGRID_API_KEY": "SG.abc\n"]).mail.apiKey == "SG.abc")
    }

    @Test(
        arguments: [
            (["HTTPS_PROXY": "http://proxy:3128"], "proxy", 3128), (["https_proxy": "http://proxy"], "proxy", 80),
            (["HTTPS_PROXY": "http://proxy", "KEYTURN_MAIL_SENDGRID_PROXY": "http://ours:1"], "ours", 1),
            (["HTTPS_PROXY": "http://proxy", "NO_PROXY": "example.com, 10.0.0.0/8,sendgrid.org"], "proxy", 80),
            (["HTTPS_PROXY": "http://proxy", "NO_PROXY": "xsendgrid.com,com:80"], "proxy", 80),
            (
                [
                    "HTTPS_PROXY": "http://proxy", "KEYTURN_MAIL_SENDGRID_BASE_URL": "https://10.1.2.3",
                    "NO_PROXY": "10.0.0.0/16",
                ], "proxy", 80
            ),
        ] as [([String: String], String, UInt16)])
    func `lead to SendGrid through a proxy`(environment: [String: String], host: String, port: UInt16) throws {
        let proxy = try #require(try settings(environment).mail.proxy)
        #expect(proxy.host == host)
        #expect(proxy.port == port)
    }

    @Test(arguments: [
        [:], ["HTTPS_PROXY": ""], ["HTTPS_PROXY": "http://proxy", "NO_PROXY": "*"],
        ["HTTPS_PROXY": "http://proxy", "NO_PROXY": "localhost,.SendGrid.com"],
        ["HTTPS_PROXY": "http://proxy", "no_proxy": "api.sendgrid.com:443"],
        [
            "HTTPS_PROXY": "http://proxy", "KEYTURN_MAIL_SENDGRID_BASE_URL": "https://10.1.2.3",
            "NO_PROXY": "10.0.0.0/8",
        ],
        ["HTTPS_PROXY": "http://proxy", "KEYTURN_MAIL_SENDGRID_BASE_URL": "https://10.1.2.3", "NO_PROXY": "10.1.2.3"],
        ["HTTPS_PROXY": "http://proxy", "KEYTURN_MAIL_SENDGRID_BASE_URL": "https://localhost:8443"],
        ["HTTPS_PROXY": "http://proxy", "KEYTURN_MAIL_SENDGRID_BASE_URL": "http://127.0.0.1:8080"],
        ["HTTPS_PROXY": "http://proxy", "KEYTURN_MAIL_SENDGRID_PROXY": ""],
    ])
    func `lead straight to SendGrid`(environment: [String: String]) throws {
        #expect(try settings(environment).mail.proxy == nil)
    }

    @Test func `refuse a proxy with a password, and do not show it`() {
        #expect(
            refusal(["HTTPS_PROXY": "http://user:hunter2@proxy:3128"])
                == "mail.sendgrid.proxy: must be http://host:port, without user and password (from HTTPS_PROXY)")
    }

    @Test func `know what a mail carries besides`() throws {
        let mail = try settings([
            "KEYTURN_MAIL_SENDGRID_REPLY_TO": "help@example.com", "KEYTURN_MAIL_SENDGRID_CATEGORIES": "accounts, shop",
            "KEYTURN_MAIL_SENDGRID_TEMPLATE_ID": "d-0123456789abcdef0123456789abcdef",
        ]).mail
        #expect(mail.replyTo == "help@example.com")
        #expect(mail.categories == ["accounts", "shop"])
        #expect(mail.templateID == "d-0123456789abcdef0123456789abcdef")
        let plain = try settings().mail
        #expect(plain.replyTo == nil && plain.categories.isEmpty && plain.templateID == nil)
    }

    @Test func `say everything that serve still needs`() throws {
        #expect(
            try settings().missingForServe().map { String($0.description.prefix { $0 != ":" }) } == [
                "server.publicURL", "secrets.standard", "mail.provider", "mail.from.email", "mail.from.name",
            ])
    }

    @Test func `take secrets the service manager hands over, before the file and after the environment`() throws {
        let file =
            #"{"secrets": {"standard": ["from-the-file-0123456789-0123456789"]}, "mail": {"sendgrid": {"apiKey": "SG.file"}}}"#
        let handed = [
            "secrets.standard": "\(Self.secret)\nolder-0123456789-0123456789-0123456789\n",
            "mail.sendgrid.apiKey": "SG.handed\n",
        ]
        func settings(_ environment: [String: String]) throws -> Settings {
            let layers = try Layers(
                flags: [:], environment: environment, credential: { handed[$0.name] }, file: Array(file.utf8))
            return try Settings(layers, readFile: { _ in [] })
        }
        let plain = try settings([:])
        #expect(plain.secrets?.keys == [Array(Self.secret.utf8), Array("older-0123456789-0123456789-0123456789".utf8)])
        #expect(plain.mail.apiKey == "SG.handed")
        #expect(try settings(["SENDGRID_API_KEY": "SG.environment"]).mail.apiKey == "SG.environment")
    }

    @Test func `read the mail provider's key from a file`() throws {
        #expect(try settings(["KEYTURN_MAIL_SENDGRID_API_KEY_FILE": "/run/key"]).mail.apiKey == Self.secret)
        let both = ["KEYTURN_MAIL_SENDGRID_API_KEY_FILE": "/run/key", "SENDGRID_API_KEY": "SG.direct"]
        #expect(try settings(both).mail.apiKey == "SG.direct")
        let layers = try Layers(flags: ["mail.sendgrid.apiKeyFile": "/run/key"], environment: [:], file: nil)
        for (bytes, words) in [
            ([], "mail.sendgrid.apiKeyFile: contains no key"),
            ([0x20, 0x0A], "mail.sendgrid.apiKeyFile: contains no key"),
            ([0x53, 0x20, 0x47], "mail.sendgrid.apiKeyFile: must be printable ASCII without spaces"),
            ([0xFF], "mail.sendgrid.apiKeyFile: /run/key is not UTF-8 text"),
            (
                Array("SG.replace-me\n".utf8),
                "mail.sendgrid.apiKeyFile: is still the value of the example: create a key in SendGrid's dashboard, under API Keys"
            ),
        ] as [([UInt8], String)] {
            do {
                _ = try Settings(layers, readFile: { _ in bytes })
                Issue.record("accepted")
            } catch { #expect("\(error)" == words) }
        }
    }

    @Test func `read the secret of webhooks only where somebody is told`() throws {
        func readNothing(_ path: String) throws -> [UInt8] { throw FileRefused(path, "Permission denied") }
        func app(_ flags: [String: String]) throws -> Settings.App? {
            let flags = flags.merging(["webhooks.secretFile": "/root/secret"]) { $1 }
            let layers = try Layers(flags: flags, environment: [:], file: nil)
            let settings = try Settings(layers, readFile: readNothing)
            return settings.app
        }
        #expect(try app([:]) == nil)
        #expect(throws: ConfigurationRefused("webhooks.secretFile: cannot read /root/secret: Permission denied")) {
            try app(["webhooks.url": "https://app.example.com/hook"])
        }
    }

    @Test func `tell what a misspelt variable was perhaps meant to be`() throws {
        let layers = try Layers(
            flags: [:], environment: ["KEYTURN_SERVER_PROT": "1", "KEYTURN_ZZZZZZZZZZZZ": "", "PATH": ""], file: nil)
        #expect(layers.strangers.map(\.name) == ["KEYTURN_SERVER_PROT", "KEYTURN_ZZZZZZZZZZZZ"])
        #expect(layers.strangers.map(\.hint) == [" (did you mean KEYTURN_SERVER_PORT?)", ""])
    }
}

@Suite struct `A danger` {
    func dangers(_ environment: [String: String]) throws -> [String] {
        let layers = try Layers(flags: [:], environment: environment, file: nil)
        return Danger.all(in: try Settings(layers, readFile: { _ in [] }))
    }

    @Test func `is seen in none of the defaults`() throws { #expect(try dangers([:]) == []) }

    @Test(arguments: [
        (["KEYTURN_SERVER_PUBLIC_URL": "http://accounts.example.com"], "server.publicURL is http"),
        (["KEYTURN_SERVER_HOST": "0.0.0.0"], "server.host 0.0.0.0 is reachable from other machines without TLS"),
        (["KEYTURN_ADMIN_HOST": "::"], "admin.host :: shows the metrics"),
        (
            ["KEYTURN_TOKENS_RESET_LIFETIME": "10m"],
            "tokens.resetLifetime 10m is barely longer than mail.perAccount.interval 10m"
        ),
        (
            ["KEYTURN_TOKENS_RESET_LIFETIME": "4m", "KEYTURN_MAIL_PER_ACCOUNT_INTERVAL": "1m"],
            "tokens.resetLifetime 4m is short"
        ),
        (["KEYTURN_PASSWORDS_SCRYPT_LOG_N": "10"], "passwords.scheme costs less than OWASP recommends"),
        (
            ["KEYTURN_PASSWORDS_MINIMUM_LENGTH": "8"],
            "passwords.minimumLength 8 is meant only for accounts with a second factor"
        ),
        (
            ["KEYTURN_SECRETS_STANDARD": "correct horse battery staple and more"],
            "a secret in secrets.standard looks typed"
        ),
        (["KEYTURN_SECRETS_STANDARD": "1a2B3c4D5e6F7g8H1a2B3c4D5e6F7g8H"], "a secret in secrets.standard looks typed"),
        (
            ["KEYTURN_MAIL_PROVIDER": "sendgrid", "KEYTURN_MAIL_SENDGRID_BYPASS_SUPPRESSIONS": "false"],
            "mail.sendgrid.bypassSuppressions is off"
        ),
    ])
    func `is put into words`(environment: [String: String], words: String) throws {
        let found = try dangers(environment)
        #expect(found.count == 1 && found[0].hasPrefix(words), "\(found)")
    }

    @Test func `is not seen in a secret that was generated`() {
        for secret in [
            "Vb0qk2bT2nJx-5y1xZ_w3Z7e8sQ0aLhYpDkUuJrXG4oTtF9cEwMiNvBg6RjSyKlQ",
            "0123456789abcdefghijklmnopqrstuvwxyzABCDEF",
            "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26",
        ] { #expect(!Danger.looksTyped(Array(secret.utf8))) }
    }

    @Test func `is a clock that stands before the binary was made`() {
        #expect(Danger.clock(now: Date(timeIntervalSince1970: 0)).count == 1)
        #expect(Danger.clock(now: Date()) == [])
    }
}

@Suite struct `A path of the configuration` {
    private func path(_ key: Key, file: String, at place: String, environment: [String: String] = [:]) throws -> String?
    {
        let layers = try Layers(flags: [:], environment: environment, file: Array(file.utf8), at: place)
        guard case .text(let text)? = layers.raw(key)?.value else { return nil }
        return text
    }

    @Test(arguments: [
        ("/etc/keyturn/config.json", "data/k.sqlite", "/etc/keyturn/data/k.sqlite"),
        ("/etc/keyturn/config.json", "/var/lib/k.sqlite", "/var/lib/k.sqlite"),
        ("/config.json", "k.sqlite", "/k.sqlite"), ("config.json", "k.sqlite", "k.sqlite"),
        ("../etc/config.json", "./k.sqlite", "../etc/./k.sqlite"), ("/etc/config.json", "", ""),
        ("/dev/fd/63", "k.sqlite", "k.sqlite"),
    ])
    func `belongs to the folder of its file`(place: String, written: String, path: String) throws {
        let file = #"{"database": {"path": "\#(written)"}}"#
        #expect(try self.path(.databasePath, file: file, at: place) == path)
    }

    @Test func `belongs to the working directory if the environment names it`() throws {
        #expect(
            try path(
                .databasePath, file: "{}", at: "/etc/config.json", environment: ["KEYTURN_DATABASE_PATH": "k.sqlite"])
                == "k.sqlite")
    }

    @Test func `is every key that names a file or a folder`() throws {
        let names = Key.all.filter { $0.kind == .path }.map(\.name)
        #expect(
            Set(names) == [
                "users.database.path", "users.database.urlFile", "users.http.secretFile", "users.http.caFile",
                "passwords.pepperFile", "server.tls.certificate", "server.tls.key", "server.unixSocket",
                "admin.tokenFile",
                "admin.tls.certificate",
                "admin.tls.key", "database.path", "secrets.file",
                "passwords.blocklistFile", "mail.capture.directory", "mail.sendgrid.apiKeyFile",
                "mail.sendgrid.caFile", "mail.hook.secretFile", "mail.hook.caFile", "webhooks.secretFile",
                "webhooks.caFile", "brand.logo", "templates.directory", "texts.directory",
            ])
        let looksLikeOne = Key.all.filter { key in
            ["File", "directory", "path", "Socket"].contains { key.name.hasSuffix($0) }
        }
        #expect(looksLikeOne.allSatisfy { $0.kind == .path })
        for name in names {
            let parts = name.split(separator: ".")
            let file = parts.reversed().reduce(#""x""#) { "{\"\($1)\": \($0)}" }
            let key = try #require(Key.all.first { $0.name == name })
            #expect(try path(key, file: file, at: "/etc/config.json") == "/etc/x", "\(name)")
        }
    }
}
