import ArgumentParser
import Cryptography
import Foundation
import Keyturn
import PasswordHashing
import StrictJSON

/// `keyturn user`: the people, one by one.
struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract:
            "Manage accounts: add, import, invite, list, show, change, disable, expire, erase them; revoke or hand over links.",
        subcommands: [
            Add.self, Import.self, Export.self, List.self, Show.self, RevokeLinks.self, ResetLinkCommand.self,
            Disable.self, Enable.self, Verify.self, Unverify.self, SetEmail.self, SetHash.self, Expire.self,
            Invite.self,
            Erase.self,
        ])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract: "Add an account and print its id. Without a password it can be used after its first reset.")

        @Argument(help: "The email address.") var email: String
        @Flag(help: "Read the password from the first line of standard input.") var passwordStdin = false
        @Option(help: "A password hash that your app already stores.") var passwordHash: String?
        @Flag(help: "The address is not verified, so it gets no mail.") var unverified = false
        @Option(help: "Your app's own id of the account: 1 to 256 bytes of UTF-8.") var externalID: String?
        @OptionGroup var options: ConfigurationOptions

        func validate() throws {
            if passwordStdin, passwordHash != nil {
                throw ValidationError("give either --password-stdin or --password-hash")
            }
        }

        func run() async throws {
            let address = try parsed(email)
            let externalID = try externalID.map(UserCommand.externalID)
            let settings = try options.settings()
            // Whatever is wrong with it is said before a database is made.
            let hash = try await hash(settings)
            try await options.withStore(.creating, settings) { store, _ in
                let new = NewUser(email: address, passwordHash: hash, isVerified: !unverified, externalID: externalID)
                do {
                    Terminal.say(try await store.accounts.add(new, at: WallClock.system.now()).id.text)
                } catch AddUserFailed.exists {
                    throw CommandFailed("an account with this address already exists")
                } catch AddUserFailed.externalIDTaken {
                    throw CommandFailed("--external-id: another account has this id")
                }
            }
        }

        private func hash(_ settings: Settings) async throws -> PasswordHash {
            if let passwordHash {
                let hash = PasswordHash(passwordHash)
                guard PasswordHasher.canVerify(hash) else {
                    throw CommandFailed("--password-hash: keyturn cannot verify a hash of this format")
                }
                return hash
            }
            guard passwordStdin else { return .unusable() }
            guard let line = readLine(strippingNewline: true), !line.isEmpty else {
                throw CommandFailed("no password on standard input")
            }
            let policy = try settings.policy()
            guard let password = policy.normalise(line) else {
                throw CommandFailed("the password is too long, or contains U+0000")
            }
            if line.unicodeScalars.count < settings.passwords.minimumLength {
                Terminal.note(
                    "warning: the password is shorter than passwords.minimumLength, so it could not be chosen on the page"
                )
            }
            let pool = HashingPool(threads: 1)
            defer { pool.shutDown() }
            return try await PasswordHasher(
                scheme: settings.passwords.scheme, pool: pool, treatment: settings.passwords.treatment
            ).hash(password)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List all accounts, by id.")

        @Flag(help: "Print one JSON object per line.") var json = false
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            try await options.withStore { store, _ in
                var last: UserID?
                while true {
                    let page = try await store.accounts.list(after: last, limit: 500)
                    if json {
                        for user in page {
                            Terminal.say(UserCommand.json(user))
                        }
                    } else {
                        let header = last == nil ? ["ID", "ADDRESS", "STATE", "CREATED", "EXTERNAL ID"] : []
                        Terminal.table(
                            header,
                            page.map {
                                [
                                    $0.id.text, $0.email.text, $0.state, $0.createdAt.rfc3339,
                                    $0.externalID?.text ?? "",
                                ]
                            })
                    }
                    guard page.count == 500, !Terminal.isLost else { return }
                    last = page.last?.id
                }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract:
                "Show one account: its state, open requests, last mails and history. Says why a person got no mail.")

        @Argument(help: "The email address.") var email: String
        @Flag(help: "Print one JSON object.") var json = false
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            try await options.withStore { store, settings in
                let user = try await UserCommand.find(email, in: store)
                let open = try await store.operations.entries(.address(user.email), limit: 50)
                let mails = try await store.operations.mailLog(of: user.id, limit: 20)
                let trail = try await store.auditLog.trail(of: user.id, limit: 50)
                if json {
                    Terminal.say(UserCommand.json(user, open: open, mails: mails, trail: trail))
                } else {
                    print(user, open: open, mails: mails, trail: trail)
                }
            }
        }

        private func print(
            _ user: User, open: [OutboxEntry], mails: [MailLogEntry], trail: [AuditEntry]
        ) {
            Terminal.say("id                \(user.id.text)")
            if let externalID = user.externalID {
                Terminal.say("external id       \(Printable.text(externalID.text))")
            }
            Terminal.say("address           \(Printable.text(user.email.text))")
            Terminal.say("verified          \(user.emailVerifiedAt?.rfc3339 ?? "no (gets no mail)")")
            Terminal.say(
                "disabled          \(user.disabledAt.map { "since \($0.rfc3339) (no mail, no sign-in)" } ?? "no")")
            Terminal.say("created           \(user.createdAt.rfc3339)")
            Terminal.say("password changed  \(user.passwordChangedAt?.rfc3339 ?? "never")")
            Terminal.say("reset epoch       \(user.resetEpoch)")
            Terminal.say("\nopen requests: \(open.count)")
            Terminal.table(
                ["ID", "KIND", "STATE", "ATTEMPTS", "RECORDED", "DUE", "LAST REASON"],
                open.map {
                    [
                        $0.id.map { "\($0)" } ?? "-", $0.kind.rawValue, $0.state.rawValue, "\($0.attempts)",
                        $0.recordedAt.rfc3339,
                        $0.dueAt.rfc3339, $0.lastReason ?? "",
                    ]
                })
            Terminal.say("\nlast mails: \(mails.count)")
            Terminal.table(
                ["AT", "KIND", "OUTCOME", "DETAIL"],
                mails.map { [$0.at.rfc3339, $0.kind.rawValue, $0.outcome, $0.detail ?? ""] })
            Terminal.say("\nhistory: \(trail.count)")
            Terminal.table(
                ["AT", "EVENT", "BY", "DETAIL"], trail.map { [$0.at.rfc3339, $0.event, $0.actor, $0.detail ?? ""] })
        }
    }

    struct RevokeLinks: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke-links",
            abstract:
                "Revoke every open link of an account, and drop its pending requests; or every open link of all accounts."
        )

        @Argument(help: "The email address.") var email: String?
        @Flag(help: "All accounts, after a database was put back without `keyturn restore`. Pending requests stay.")
        var all = false
        @OptionGroup var options: ConfigurationOptions

        func validate() throws {
            if (email == nil) != all { throw ValidationError("name one EMAIL, or --all") }
        }

        func run() async throws {
            try await options.withStore { store, _ in
                guard let email else {
                    try await store.revokeAllLinks(at: WallClock.system.now())
                    Terminal.say("every open link of every account is dead")
                    return
                }
                // The password may change between the look and the write: look again, a few times at most.
                for _ in 0..<5 {
                    let user = try await UserCommand.find(email, in: store)
                    if try await store.accounts.revokeLinks(
                        user.credentials, by: .operator, at: WallClock.system.now())
                    {
                        Terminal.say("revoked every open link of \(Printable.text(user.email.text))")
                        return
                    }
                }
                throw CommandFailed("the account kept changing meanwhile: try again")
            }
        }
    }

    struct ResetLinkCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reset-link",
            abstract: "Print a reset link to hand over. It works once, like one that was mailed.")

        @Argument(help: "The email address.") var email: String
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            try await options.withStore { store, settings in
                guard let publicURL = settings.server.publicURL else {
                    throw ConfigurationRefused(.publicURL, "missing: the link is built from it")
                }
                guard let secrets = settings.secrets else {
                    throw ConfigurationRefused(.secretsStandard, "missing: the link is signed with it")
                }
                let user = try await UserCommand.find(email, in: store)
                guard !user.isDisabled else {
                    throw CommandFailed(
                        "the account is disabled, so no link of it works: `keyturn user enable` it first")
                }
                let links = ResetLinks(
                    secrets: secrets, issuer: publicURL, lifetime: settings.resetLifetime,
                    pattern: settings.pages.linkPattern)
                let now = WallClock.system.now()
                try await store.auditLog.record(AuditLine(.linkHandedOver, of: user.id, by: .operator, at: now))
                let link = links.sign(for: user.credentials, at: now)
                Terminal.say(link.url)
                Terminal.note("valid until \(link.expiresAt.rfc3339), or until it is used")
            }
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "disable", abstract: "Disable an account: no sign-in, no mail, no reset.")

        @Argument(help: "The email address.") var email: String
        @OptionGroup var options: ConfigurationOptions

        func run() async throws { try await UserCommand.set(email, disabled: true, options) }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "enable", abstract: "Enable a disabled account. Links from before stay revoked.")

        @Argument(help: "The email address.") var email: String
        @OptionGroup var options: ConfigurationOptions

        func run() async throws { try await UserCommand.set(email, disabled: false, options) }
    }

    // MARK: What they share

    private static func externalID(_ text: String) throws -> ExternalID {
        do { return try ExternalID(parsing: text) } catch { throw CommandFailed("--external-id: \(error.words)") }
    }

    static func find(_ email: String, in store: any Store) async throws -> User {
        guard let user = try await store.accounts.user(email: try parsed(email)) else {
            throw CommandFailed("no account has this address")
        }
        return user
    }

    private static func set(_ email: String, disabled: Bool, _ options: ConfigurationOptions) async throws {
        try await options.withStore { store, _ in
            let user = try await find(email, in: store)
            guard try await store.accounts.setDisabled(user.id, disabled, at: WallClock.system.now()) else {
                throw CommandFailed("no account has this address")
            }
            Terminal.say(disabled ? "disabled" : "enabled")
        }
    }

    private static func json(_ user: User) -> JSON {
        .members(
            ("id", .string(user.id.text)), ("external_id", user.externalID.map { .string($0.text) } ?? .null),
            ("email", .string(user.email.text)),
            ("email_verified", .bool(user.isVerified)),
            ("disabled", .bool(user.isDisabled)), ("created_at", .string(user.createdAt.rfc3339)),
            ("password_changed_at", user.passwordChangedAt.map { .string($0.rfc3339) } ?? .null),
            ("reset_epoch", .integer(user.resetEpoch)))
    }

    private static func json(
        _ user: User, open: [OutboxEntry], mails: [MailLogEntry], trail: [AuditEntry]
    ) -> JSON {
        .object(
            (json(user).objectValue ?? []) + [
                .init("open_requests", .array(open.map(OutboxCommand.json))),
                .init(
                    "mails",
                    .array(
                        mails.map {
                            .members(
                                ("at", .string($0.at.rfc3339)), ("kind", .string($0.kind.rawValue)),
                                ("outcome", .string($0.outcome)),
                                ("detail", $0.detail.map(JSON.string) ?? .null))
                        })),
                .init(
                    "trail",
                    .array(
                        trail.map {
                            .members(
                                ("at", .string($0.at.rfc3339)), ("event", .string($0.event)),
                                ("by", .string($0.actor)), ("detail", $0.detail.map(JSON.string) ?? .null))
                        })),
            ])
    }
}

/// What an operator typed as an address, or a word on what is wrong with it.
func parsed(_ email: String) throws -> EmailAddress {
    do { return try EmailAddress(parsing: email) } catch {
        throw CommandFailed("that is not an email address: \(error.words)")
    }
}

/// A command did not do what was asked; the words go to stderr, the exit status is 1.
struct CommandFailed: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

extension User {
    fileprivate var state: String { isDisabled ? "disabled" : isVerified ? "verified" : "unverified" }
}
