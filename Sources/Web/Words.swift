/// Everything the pages say, in one language, found by key. Templates name the keys after `t.`; `{name}` in a text is filled in.
struct Words: Sendable {
    typealias Key = String

    /// BCP 47.
    let language: String
    /// `ltr` or `rtl`.
    let direction: String
    let texts: [Key: String]

    /// The text; the key itself where the catalogue has none, which a test forbids.
    subscript(key: Key) -> String { texts[key] ?? key }

    subscript(key: Key, place: String, value: String) -> String {
        let parts = self[key].utf8.split(separator: UInt8(ascii: "{"), omittingEmptySubsequences: false)
        return parts.dropFirst().reduce(String(parts[0]) ?? "") { text, part in
            let rest = String(part) ?? ""
            return rest.hasPrefix(place + "}") ? text + value + rest.dropFirst(place.count + 1) : text + "{" + rest
        }
    }

    static func titleKey(of problem: Problem) -> Key { "title_\(problem.code)" }

    /// What a person is told about a problem; the problem's own words where the catalogue has no others.
    func text(of problem: Problem) -> String { texts["text_\(problem.code)"] ?? problem.detail }

    func wait(seconds: Int64) -> String {
        if seconds < 60 { return seconds == 1 ? self["oneSecond"] : self["seconds", "count", "\(seconds)"] }
        let minutes = seconds / 60 + (seconds % 60 > 0 ? 1 : 0)
        return minutes == 1 ? self["oneMinute"] : self["minutes", "count", "\(minutes)"]
    }
}

extension Words {
    static let english = Words(
        language: "en", direction: "ltr",
        texts: [
            // Programs hear these.
            "letterPromised":
                "If that address has an account, a mail with a link to choose a new password is on its way.",
            "passwordChanged": "The password was changed. Every open link has stopped working.",
            "linksRevoked": "Every open link of this account has stopped working. The password was not changed.",

            // All pages
            "errorPrefix": "Error",
            "skip": "Skip to the content",
            "emailLabel": "Email address",
            "passwordLabel": "Password",
            "show": "Show",
            "hide": "Hide",
            "capsLock": "Caps Lock is on.",
            "signInLink": "Sign in",
            "forgotLink": "Forgot your password?",
            "oneSecond": "one second",
            "seconds": "{count} seconds",
            "oneMinute": "one minute",
            "minutes": "{count} minutes",
            "tryAgainIn": "You can try again in {wait}.",

            // Sign in
            "signInTitle": "Sign in",
            "signInButton": "Sign in",
            "signedInTitle": "Your password works",
            "signedInText":
                "The address and the password belong together. You can close this page and sign in to your app with them.",

            // Forgot
            "forgotTitle": "Forgot your password?",
            "forgotLead":
                "It happens. Enter the email address of your account and we will send you a link to choose a new one.",
            "forgotButton": "Send me a link",
            "rememberedIt": "Remembered it?",

            // Sent
            "sentTitle": "Check your inbox",
            "sentLead":
                "If that address has an account, a mail with a link is on its way. It usually takes less than a minute.",
            "sentNothing": "Nothing came?",
            "sentSpam": "Look in the spam or junk folder, and in folders like “Promotions”.",
            "sentAddress": "Maybe your account has another address. Try the ones you use.",
            "sentWait": "Wait {wait} before you ask again. We send only a few mails in a row.",
            "sentAgain": "Use another address",

            // Reset
            "resetTitle": "Choose a new password",
            "resetFor": "For the account of",
            "rulesHeading": "A good password",
            "ruleLength": "has at least {minimum} characters. A few words in a row are easy to remember.",
            "ruleOwn": "is not a common one, and has neither your address nor the name of this site in it.",
            "ruleFree": "may have anything else in it: spaces, accents, emoji. Nothing is required.",
            "newPasswordLabel": "New password",
            "confirmLabel": "New password, once more",
            "lengthMore": "At least {count} characters more.",
            "lengthOne": "One more character.",
            "lengthEnough": "Long enough.",
            "ownAddress": "Your address should not be part of it.",
            "matchYes": "Both are the same.",
            "matchNo": "The two are not the same yet.",
            "resetButton": "Change my password",
            "changedTitle": "Your password is changed",
            "changedText": "From now on, sign in with the new one. All links we sent you before have stopped working.",
            "changedSessions": "We also sent you a mail that says so, in case it was not you.",

            // A link that is over
            "expiredTitle": "This link has expired",
            "expiredText":
                "For your safety, links work only for a short time. Enter your address and we will send you a new one.",
            "invalidTitle": "This link does not work",
            "invalidText":
                "It may have been used already, or been cut off on its way. Enter your address and we will send you a new one.",
            "alreadyChanged": "Already changed your password?",

            // Not me
            "notMeTitle": "You did not ask for this?",
            "notMeLead":
                "Somebody entered your address to get a link to a new password. Without your mailbox they cannot use it: your password is unchanged.",
            "notMeOffer": "You can make sure that every link we sent you so far stops working.",
            "notMeButton": "Stop all links",
            "revokedTitle": "All links are stopped",
            "revokedText": "No link that we sent you before works any more. Your password was not changed.",
            "revokedAdvice": "If somebody may be reading your mail, change the password of your mailbox first.",
            "nothingToRevokeTitle": "This link is already dead",
            "nothingToRevokeText":
                "It was used, stopped, or its time is over. Nobody can change your password with it.",
            "nothingToRevokeAdvice":
                "If your password was changed and that was not you, ask for a link of your own and choose a new one now.",

            // The demo's mailbox
            "mailboxTitle": "Mailbox of the demo",
            "mailboxLead": "These mails were kept here instead of being sent.",
            "mailboxEmpty": "No mail yet. Ask for a link, then reload this page.",
            "mailboxBack": "All mails",
            "mailTo": "To",
            "mailAt": "At",

            // Problems
            "title_not_found": "This page does not exist",
            "text_not_found":
                "The address may have been mistyped, or cut off in a mail. Links are best opened with a click.",
            "title_method_not_allowed": "That does not work here",
            "text_method_not_allowed": "Please go back and use the form.",
            "title_request_invalid": "Something is missing",
            "text_request_invalid": "Please fill in every field.",
            "title_media_type_unsupported": "That does not work here",
            "text_media_type_unsupported": "Please go back and use the form.",
            "title_origin_refused": "This form came from another site",
            "text_origin_refused": "For your safety it was not used. Please open the page here and try again.",
            "title_rate_limited": "Please wait a moment",
            "text_rate_limited": "Too many attempts came from your network in a short time.",
            "title_busy": "Please try again in a moment",
            "text_busy": "We have a lot to do right now. Nothing was changed; please try again in a few seconds.",
            "title_queue_full": "Please try again in a moment",
            "text_queue_full":
                "We have a lot to do right now and could not take your request. Please try again in a minute.",
            "title_unavailable": "We cannot do this right now",
            "text_unavailable": "Something on our side is not working. Please try again in a few minutes.",
            "title_token_invalid": "Not signed in",
            "text_email_invalid": "Please check the email address.",
            "text_credentials_invalid":
                "The address or the password is not right. Passwords tell capital letters from small ones.",
            "text_password_rejected": "Please choose another password.",
            "text_passwords_differ": "The two passwords are not the same. Please type them again.",
        ])
}
