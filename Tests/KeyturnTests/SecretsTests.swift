/// What the server keeps to itself.
import Keyturn
import TestKit
import Testing

@Suite struct `The secrets of a server` {
    @Test func `are at least one, each of at least 32 bytes`() {
        let good = [UInt8](repeating: 1, count: 32)
        #expect(Secrets([]) == nil)
        #expect(Secrets([[UInt8](repeating: 1, count: 31)]) == nil)
        #expect(Secrets([good, [UInt8](repeating: 1, count: 31)]) == nil)
        #expect(Secrets([good])?.keys == [good])
    }

    @Test func `are not printed`() {
        #expect("\(Secrets.sample)" == "Secrets(…)")
        #expect(String(reflecting: Secrets.sample) == "Secrets(…)")
    }
}

@Suite struct `The pseudonym of an address` {
    private let pseudonym = AddressPseudonym(secrets: .sample)

    @Test func `is twelve digits, the same in any case, that an independent implementation finds too`() {
        #expect(pseudonym(EmailAddress(stored: "ann@example.com")) == "a914f3b1d2db")
        #expect(pseudonym(EmailAddress(stored: "ANN@Example.com")) == "a914f3b1d2db")
    }

    @Test func `is another for another address or another secret`() {
        let ann = EmailAddress(stored: "ann@example.com")
        #expect(pseudonym(EmailAddress(stored: "bob@example.com")) != pseudonym(ann))
        let other = AddressPseudonym(secrets: Secrets(samples: "another secret of thirty-two bytes"))
        #expect(other(ann) != pseudonym(ann))
    }
}

@Suite struct `Ids and credentials` {
    @Test func `are compared byte for byte`() {
        #expect(UserID("\u{212A}") != UserID("K"))
        #expect(UserID("é") != UserID("e\u{301}"))
        #expect(Set([UserID("é"), UserID("e\u{301}"), UserID("é")]).count == 2)
        #expect(User.ann.credentials == User.ann.credentials)
        #expect(User.ann.credentials != User.ann.with(email: "ann@example.com").credentials)
        #expect(User.ann.credentials != User.ann.with(epoch: 1).credentials)
        #expect(User.ann.credentials != User.ann.with(hash: "x").credentials)
        #expect(User.ann.credentials != User.ann.with(id: "2").credentials)
    }
}

@Suite struct `A recipient` {
    @Test func `is somebody stored, verified and enabled, at the stored address`() {
        #expect(Recipient(.ann)?.email.text == "Ann@example.com")
        #expect(Recipient(.ann)?.id == UserID("1"))
        #expect(Recipient(.unverifiedUma) == nil)
        #expect(Recipient(.disabledDan) == nil)
    }
}
