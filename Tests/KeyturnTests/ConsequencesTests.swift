/// What follows from a change of an account and from the outcome of a lease: all rules, without a store.
import Keyturn
import PasswordHashing
import TestKit
import Testing

@Suite struct `What follows` {
    private let ann = User.ann.credentials
    private let bookshop = ResetRequest(email: EmailAddress(stored: "ANN@example.com"))

    private func audit(_ event: AuditEvent, by actor: AuditActor) -> [AuditLine] {
        [AuditLine(event, of: ann.id, by: actor, at: noon)]
    }

    @Test func `of a reset: requests dropped, a message recorded, audited, the app told`() {
        let found = Consequences(of: .passwordReset(language: "de"), to: ann, by: .visitor, at: noon)
        #expect(
            found
                == Consequences(
                    dropRequests: ann.email, messages: [.passwordChanged(ann.id, language: "de")],
                    audit: audit(.passwordReset, by: .visitor),
                    webhooks: [WebhookDraft(.passwordChanged, of: ann.id, cause: nil, at: noon)]))
    }

    @Test(arguments: [AuditActor.visitor, .operator])
    func `of a revocation: requests dropped, audited, the app told who did it, and no message`(actor: AuditActor) {
        let found = Consequences(of: .linksRevoked, to: ann, by: actor, at: noon)
        #expect(
            found
                == Consequences(
                    dropRequests: ann.email, audit: audit(.linksRevoked, by: actor),
                    webhooks: [WebhookDraft(.linksRevoked, of: ann.id, cause: actor.rawValue, at: noon)]))
    }

    @Test func `of disabling and enabling: a line in the audit log`() {
        #expect(
            Consequences(of: .disabled, to: ann, by: .operator, at: noon)
                == Consequences(audit: audit(.disabled, by: .operator)))
        #expect(
            Consequences(of: .enabled, to: ann, by: .operator, at: noon)
                == Consequences(audit: audit(.enabled, by: .operator)))
    }

    private func lease(_ letter: PromisedMessage) -> Lease {
        Lease(
            id: OutboxID(7), token: LeaseToken("t"), letter: letter, attempts: 0, recordedAt: noon - .seconds(5),
            expiresAt: noon + .seconds(60))
    }

    private func logged(_ kind: LetterKind, _ outcome: String, _ detail: String?, of user: UserID?) -> [MailLogLine] {
        [
            MailLogLine(
                at: noon, kind: kind, user: user, outcome: outcome, detail: detail, requestedAt: noon - .seconds(5),
                outboxID: OutboxID(7))
        ]
    }

    @Test(
        arguments: [
            (.delivered(messageID: "m"), "delivered", "m", .resetRequested, nil),
            (.skipped(.throttled), "throttled", nil, .resetFailed, "throttled"),
            (.failed(reason: "550 no"), "failed", "550 no", .resetFailed, "undeliverable"),
            (.later(at: noon, reason: "503"), "later", "503", nil, nil),
        ] as [(Outcome, String, String?, WebhookEvent?, String?)])
    func `of an outcome: a line in the mail log, and the app told once a request has come to its end`(
        outcome: Outcome, word: String, detail: String?, event: WebhookEvent?, cause: String?
    ) {
        for user in [ann.id, nil] {
            let link = Settlement(lease(.resetLink(bookshop)), of: user, as: outcome)
            let told = event.map { [WebhookDraft($0, of: user, cause: cause, at: noon)] } ?? []
            #expect(
                Consequences(of: link, at: noon)
                    == Consequences(webhooks: told, mailLog: logged(.resetLink, word, detail, of: user)))
            // The app heard of the change itself already.
            let notice = Settlement(lease(.passwordChanged(ann.id)), of: user, as: outcome)
            #expect(
                Consequences(of: notice, at: noon)
                    == Consequences(mailLog: logged(.passwordChanged, word, detail, of: user)))
        }
    }

    @Test func `of a released lease: none`() {
        let released = Settlement(lease(.resetLink(bookshop)), of: ann.id, as: .released(reason: "401"))
        #expect(Consequences(of: released, at: noon) == .none)
    }

    @Test func `of a request that ends in intake are those of a skipped message`() {
        var found = Consequences.none
        found.add(
            skipped: .unverified, JoinedRequests(bookshop, recordedAt: noon - .seconds(5)), of: ann.id, at: noon)
        let line = MailLogLine(
            at: noon, kind: .resetLink, user: ann.id, outcome: "unverified", detail: nil,
            requestedAt: noon - .seconds(5), outboxID: nil)
        #expect(
            found
                == Consequences(
                    webhooks: [WebhookDraft(.resetFailed, of: ann.id, cause: "unverified", at: noon)], mailLog: [line]))
    }

    @Test(
        arguments: [
            ([.skipped(.disabled), .delivered(messageID: "m"), .failed(reason: "no")], .done),
            ([.failed(reason: "no"), .later(at: noon, reason: "503")], .later(at: noon, reason: "503")),
            ([.skipped(.disabled), .failed(reason: "no")], .failed(reason: "no")),
            ([.failed(reason: "no"), .released(reason: nil)], .released(reason: nil)),
            ([.skipped(.disabled), .skipped(.throttled)], .done), ([], .done),
        ] as [([Outcome], RowFate)])
    func `of several accounts at one address: a line for each, one fate for the row`(
        outcomes: [Outcome], fate: RowFate
    ) {
        let parts = outcomes.enumerated().map { Settlement.Part(UserID("\($0.offset)"), $0.element) }
        let settlement = Settlement(lease(.resetLink(bookshop)), parts: parts)
        #expect(settlement.outcome.fate == fate)
        let lines = outcomes.count { if case .released = $0 { false } else { true } }
        #expect(Consequences(of: settlement, at: noon).mailLog.count == max(1, lines))
    }
}

@Suite struct `Requests in intake` {
    @Test func `of one address become one, in the newest words and as old as the oldest`() {
        let spelled = [
            "ann@example.com", "bob@example.org", "ANN@example.com", "\u{212A}im@example.com", "kim@example.com",
        ]
        let entries = spelled.enumerated().map { number, address in
            IntakeEntry(
                id: Int64(number), request: ResetRequest(email: EmailAddress(stored: address), language: "l\(number)"),
                recordedAt: noon + .seconds(number))
        }
        let joined = JoinedRequests.joining(entries)
        #expect(
            joined.map(\.request.email.text) == [
                "ANN@example.com", "bob@example.org", "\u{212A}im@example.com", "kim@example.com",
            ])
        #expect(joined.map(\.request.language) == ["l2", "l1", "l3", "l4"])
        #expect(joined.map(\.count) == [2, 1, 1, 1])
        #expect(joined.map(\.recordedAt) == [noon, noon + .seconds(1), noon + .seconds(3), noon + .seconds(4)])
    }
}
