/// Why a new password is refused, in words and a code.
package enum PasswordProblem: Sendable, Equatable {
    /// Unicode code points after NFC.
    case tooShort(minimum: Int)
    /// Unicode code points after NFC.
    case tooLong(maximum: Int)
    /// UTF-8 bytes after NFC: the hash would cut it.
    case tooManyBytes(maximum: Int)
    case containsNull
    /// Among the common passwords, or made of them in a common way.
    case common
    case containsAddress
    case containsSite
    /// One character, or a few, over and over.
    case repeated
    /// Runs of a keyboard row, of digits or of the alphabet, and next to nothing else.
    case sequence
    /// The app that keeps the accounts refuses it, for a reason of its own.
    case app(RejectedByApp)

    /// Stable, for machines.
    package var code: String {
        switch self {
        case .tooShort: "too_short"
        case .tooLong: "too_long"
        case .tooManyBytes: "too_many_bytes"
        case .containsNull: "contains_null"
        case .common: "common"
        case .containsAddress: "contains_address"
        case .containsSite: "contains_site"
        case .repeated: "repeated"
        case .sequence: "sequence"
        case .app(let reason): reason.code
        }
    }

    /// The number in ``words``, for those who say it in another language.
    package var limit: Int? {
        switch self {
        case .tooShort(let limit), .tooLong(let limit), .tooManyBytes(let limit): limit
        case .containsNull, .common, .containsAddress, .containsSite, .repeated, .sequence, .app: nil
        }
    }

    /// A whole sentence for the user, in English.
    package var words: String {
        switch self {
        case .tooShort(let minimum):
            "Use at least \(minimum) characters. A few unrelated words are strong and easy to remember."
        case .tooLong(let maximum): "Use at most \(maximum) characters."
        case .tooManyBytes(let maximum):
            "Use a shorter password: at most \(maximum) bytes, and characters beyond A to Z take two or more."
        case .containsNull: "The password contains the character U+0000, which is not accepted."
        case .common: "This password is too common or too easy to guess. Choose another one."
        case .containsAddress: "The password contains your email address or a part of it. Choose one that does not."
        case .containsSite: "The password contains the name of this site. Choose one that does not."
        case .repeated: "The password repeats the same few characters. Choose one that is harder to guess."
        case .sequence: "The password follows the keyboard, the digits or the alphabet. Choose one that does not."
        case .app(let reason): reason.detail
        }
    }
}

/// A new password was not accepted.
package struct PasswordRefused: Error, Equatable {
    /// At least one, each once.
    package let problems: [PasswordProblem]

    package init(_ problems: [PasswordProblem]) { self.problems = problems }
}
