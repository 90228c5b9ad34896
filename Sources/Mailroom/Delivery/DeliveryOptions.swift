package import Keyturn
package import Palettes
package import Wording

/// Settings of ``DeliveryWorker``, with their defaults.
package struct DeliveryOptions: Sendable {
    package var parallelDeliveries = 8
    /// How long taken letters are ours. Must be well over ``attemptLimit``.
    package var leaseSpan: Duration = .seconds(60)
    /// How long delivery is retried.
    package var maximumAge: Duration = .seconds(3600)
    /// A letter that is older than this is not sent any more, though it was never tried: a day, or ``maximumAge`` where that is
    /// longer. A service that stood still for a night sends what waited for it.
    var unsentAgeMax: Duration { max(.seconds(86_400), maximumAge) }
    package var siteName = "keyturn"
    /// The public URL, without a slash at its end.
    package var siteURL: String
    package var supportURL: String?
    package var palette: Palette = .standard
    /// In the place of ours, by file name.
    package var templates: [String: [UInt8]] = [:]
    /// What letters say; nil: our own words.
    package var texts: CurrentTexts?
    package var languages = OfferedLanguages.all
    /// What `return_to` may say when a letter is written.
    package var returnURLs = ReturnURLs.none
    /// How long attempts under way may go on once the worker was told to end; then they are cut off.
    package var shutdownGrace: Duration = .seconds(10)
    /// How long a carrier takes for one attempt at most.
    package static let attemptLimit: Duration = .seconds(15)
    package init(siteURL: String) { self.siteURL = siteURL }
}
