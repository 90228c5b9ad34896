import Keyturn
import Testing

@testable import Command

@Suite struct `The settings of a mail provider` {
    private static let secret = WebhookSecrets.generate()

    private func settings(
        _ environment: [String: String] = [:], file: String? = nil, files: [String: String] = [:]
    ) throws -> Settings {
        try Settings(
            Layers(
                flags: [:], environment: environment, file: file.map { Array($0.utf8) }),
            readFile: { path in
                guard let text = files[path] else { throw FileRefused(path, "not there") }
                return Array(text.utf8)
            })
    }

    private func missing(_ settings: Settings) -> [String] {
        settings.missingForServe().map(\.description).filter { $0.hasPrefix("mail.") && !$0.hasPrefix("mail.from") }
    }

    @Test func `name what a hook needs`() throws {
        #expect(
            missing(try settings(["KEYTURN_MAIL_PROVIDER": "hook"])) == [
                "mail.hook.url: missing: mail.provider is hook",
                "mail.hook.secret: missing: generate one with `keyturn secret generate --webhook`",
            ])
        let file =
            #"{"mail": {"provider": "hook", "hook": {"url": "https://mail.example.com/x?y=1", "secretFile": "/s"}}}"#
        #expect(missing(try settings(file: file, files: ["/s": "\(Self.secret)\n\n"])).isEmpty)
        #expect(throws: ConfigurationRefused("mail.hook.secretFile: cannot read /s: not there")) {
            try self.settings(file: file)
        }
    }

    @Test(arguments: [
        "http://mail.example.com/", "ftp://x", "https://", "mail.example.com", "https://a b/", "https://a.example/#x",
    ])
    func `refuse a hook in the clear, or what is no address`(url: String) {
        #expect(
            throws: ConfigurationRefused(
                "mail.hook.url: must be https://host[:port]/path; http:// is allowed for this machine only")
        ) {
            try self.settings(["KEYTURN_MAIL_HOOK_URL": url, "KEYTURN_MAIL_HOOK_SECRET": Self.secret])
        }
    }

    @Test(arguments: [
        "http://127.0.0.1:8025/", "http://localhost:8025", "http://[::1]:8025/x", "https://mail.example.com",
    ])
    func `take a hook on this machine, or by https`(url: String) throws {
        #expect(
            missing(
                try settings([
                    "KEYTURN_MAIL_PROVIDER": "hook", "KEYTURN_MAIL_HOOK_URL": url,
                    "KEYTURN_MAIL_HOOK_SECRET": Self.secret,
                ])
            ).isEmpty)
    }

    @Test func `refuse a secret that is none of Standard Webhooks`() {
        #expect {
            try self.settings(["KEYTURN_MAIL_HOOK_URL": "https://a.example", "KEYTURN_MAIL_HOOK_SECRET": "short"])
        } throws: {
            "\($0)".hasPrefix("mail.hook.secret: each must be whsec_ and base64 of 24 to 64 bytes")
        }
    }

    @Test func `name what sendmail needs`() throws {
        #expect(
            missing(try settings(["KEYTURN_MAIL_PROVIDER": "sendmail"])) == [
                "mail.sendmail.command: missing: mail.provider is sendmail"
            ])
    }

    @Test func `take a command as a list, in the environment as JSON, with its commas and blanks`() throws {
        let file = #"{"mail": {"provider": "sendmail", "sendmail": {"command": ["/bin/cat", "a,b", "c d"]}}}"#
        let variables = [
            "KEYTURN_MAIL_PROVIDER": "sendmail", "KEYTURN_MAIL_SENDMAIL_COMMAND": #"["/bin/cat","a,b","c d"]"#,
        ]
        for settings in [try settings(file: file), try settings(variables)] {
            let sendmail = try #require(settings.provider as? SendmailSettings)
            #expect(sendmail.command == ["/bin/cat", "a,b", "c d"])
            #expect(missing(settings).isEmpty)
            try sendmail.check()
        }
    }

    @Test(arguments: [
        "/usr/bin/msmtp -t", "msmtp", #"["msmtp"]"#, #"["./msmtp"]"#, #"[""]"#, #"["/bin/x", 1]"#, #"{"a": 1}"#,
        #"["/bin/x", "a\u0000b"]"#,
    ])
    func `refuse a command that is a line for a shell, or no absolute path`(command: String) {
        #expect {
            try self.settings(["KEYTURN_MAIL_SENDMAIL_COMMAND": command])
        } throws: {
            "\($0)".hasPrefix("mail.sendmail.command: must be a list")
        }
    }

    @Test func `refuse a program that is not there before anything is started`() throws {
        let settings = try settings([
            "KEYTURN_MAIL_PROVIDER": "sendmail", "KEYTURN_MAIL_SENDMAIL_COMMAND": #"["/nonexistent/sendmail"]"#,
        ])
        #expect(
            throws: ConfigurationRefused("mail.sendmail.command: /nonexistent/sendmail is no program that may be run")
        ) {
            try settings.provider?.check()
        }
    }

    @Test func `are read for every provider, whichever is chosen`() {
        #expect(throws: ConfigurationRefused.self) {
            try self.settings(["KEYTURN_MAIL_PROVIDER": "capture", "KEYTURN_MAIL_HOOK_URL": "nonsense"])
        }
        #expect(Settings.Provider.keys.count == Set(Settings.Provider.keys.map(\.name)).count)
        #expect(Settings.Provider.names == "sendgrid, hook, sendmail or capture")
    }
}
