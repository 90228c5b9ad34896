/// What holds for a letter that was handed to the provider whole and got no answer: it may have reached the person, or not.
package enum LostAnswers {
    /// Attempts of one letter, the first included, that may end so. After the last it is kept as failed.
    package static let attemptsMax = 3
    /// From the end of such an attempt to the start of the next, at least: a provider that is slow has taken the letter by then, and a
    /// person with two letters can tell that they are not of one moment.
    package static let interval: Duration = .seconds(60)
    /// The outcome's name in the mail log, in reasons and in webhooks.
    package static let name = "answer_lost"
}
