import StrictJSON

/// The body of `POST /v3/mail/send`: one mail, one personalization.
struct SendGridBody {
    let json: JSON

    init(_ mail: Mail, options: SendGridOptions) {
        let template = options.templateID.flatMap { id in mail.facts.map { (id, Self.data($0, mail)) } }
        // Without a name: one with `,` or `;` in it is misrouted.
        var personalization = [JSON.Member("to", .array([.members(("email", .string(mail.mailable)))]))]
        if let (_, data) = template { personalization.append(JSON.Member("dynamic_template_data", data)) }
        var members: [JSON.Member] = [
            JSON.Member("personalizations", .array([.object(personalization)])),
            JSON.Member("from", Self.sender(options.from)),
        ]
        if let replyTo = options.replyTo {
            members.append(JSON.Member("reply_to", .members(("email", .string(replyTo)))))
        }
        if let (id, _) = template {
            members.append(JSON.Member("template_id", .string(id)))
        } else {
            members += [
                JSON.Member("subject", .string(mail.subject)),
                // Plain text first, or the API refuses the mail.
                JSON.Member(
                    "content", .array([Self.part("text/plain", mail.text), Self.part("text/html", mail.html)])),
            ]
        }
        members.append(
            JSON.Member("headers", .object(mail.headers.map { JSON.Member($0.name, .string($0.value)) })))
        // These and the custom arguments are stored by SendGrid as "not personal": never an address, a name or a token.
        members.append(JSON.Member("categories", .array(([mail.category] + options.categories).map(JSON.string))))
        if let outboxID = mail.outboxID {
            members.append(JSON.Member("custom_args", .members(("outbox_id", .string(String(outboxID))))))
        }
        members.append(JSON.Member("tracking_settings", Self.noTracking))
        let settings = Self.mailSettings(options)
        if !settings.isEmpty { members.append(JSON.Member("mail_settings", .object(settings))) }
        json = .object(members)
    }

    /// What a template at SendGrid may name: `{{link}}`.
    private static func data(_ facts: LetterFacts, _ mail: Mail) -> JSON {
        .members(
            ("link", .string(facts.link)), ("not_me_link", .string(facts.notMeLink)),
            ("lifetime", .string(facts.lifetime)), ("site", .string(facts.site)), ("subject", .string(mail.subject)),
            ("language", .string(facts.language)))
    }

    private static func sender(_ sender: Sender) -> JSON {
        sender.name.isEmpty
            ? .members(("email", .string(sender.email)))
            : .members(("email", .string(sender.email)), ("name", .string(sender.name)))
    }

    private static func part(_ type: String, _ value: String) -> JSON {
        .members(("type", .string(type)), ("value", .string(value)))
    }

    /// All four said aloud, for the account's own defaults may differ: a rewritten link leaks the token, a pixel tells when
    /// it was read, a subscription footer unsubscribes from everything, analytics adds parameters to the link.
    private static let noTracking = JSON.members(
        ("click_tracking", .members(("enable", .bool(false)), ("enable_text", .bool(false)))),
        ("open_tracking", .members(("enable", .bool(false)))),
        ("subscription_tracking", .members(("enable", .bool(false)))),
        ("ganalytics", .members(("enable", .bool(false)))))

    private static func mailSettings(_ options: SendGridOptions) -> [JSON.Member] {
        var settings: [JSON.Member] = []
        if options.bypassSuppressions {
            settings.append(JSON.Member("bypass_list_management", .members(("enable", .bool(true)))))
        }
        if options.sandbox { settings.append(JSON.Member("sandbox_mode", .members(("enable", .bool(true))))) }
        return settings
    }
}
