import StrictJSON

/// What a receiver is posted: `{to, from, subject, text, html, headers, kind}`. `to` and `from` are `{email, name?}`, `headers` has a
/// member for each ``MailHeader``, `kind` is a ``LetterKind`` or `test`.
struct HookBody {
    let json: JSON

    init(_ mail: Mail, from sender: Sender) {
        var from = [JSON.Member("email", .string(sender.email))]
        if !sender.name.isEmpty { from.append(JSON.Member("name", .string(sender.name))) }
        json = .members(
            ("to", .members(("email", .string(mail.mailable)))), ("from", .object(from)),
            ("subject", .string(mail.subject)),
            ("text", .string(mail.text)), ("html", .string(mail.html)),
            ("headers", .object(mail.headers.map { JSON.Member($0.name, .string($0.value)) })),
            ("kind", .string(mail.kind)))
    }
}
