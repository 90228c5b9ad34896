/// A client's request for a link to be mailed, if that address has an account. No account was looked up yet.
package struct ResetRequest: Sendable, Equatable {
    /// As typed. Only ever compared; mail goes to the stored one.
    package let email: EmailAddress
    /// BCP 47, from `Accept-Language`; nil unknown. At most 35 bytes.
    package let language: String?
    /// Rough words for who asked ("Firefox on Linux"); nil unknown. At most 64 bytes.
    package let device: String?
    /// Where the app wants the person afterwards: admitted by ``ReturnURLs`` when it was recorded, and checked again before it is shown.
    /// At most 512 bytes; nil: nowhere in particular.
    package let returnTo: String?

    package init(email: EmailAddress, language: String? = nil, device: String? = nil, returnTo: String? = nil) {
        self.email = email
        self.language = language
        self.device = device
        self.returnTo = returnTo
    }
}
