import Synchronization

/// The app's own check of a password, for accounts whose stored hash cannot be read here.
package protocol PasswordVerifier: Sendable {
    /// Ends within `RemoteChecks`, whatever happens.
    /// - Parameter email: as it was typed, for every login alike.
    func verdict(on password: String, of email: EmailAddress) async -> PasswordVerdict
}

package enum PasswordVerdict: Sendable, Equatable {
    case valid, invalid
    /// No answer in time, or none that can be understood.
    case unavailable
}

/// Bounds what logins ask the app, and when they are answered.
final class RemoteChecks: Sendable {
    /// Logins at once that may ask; the next is refused before its account is looked up.
    static let atOnceMax = 16
    /// How long the app has, and when a failed login is answered, counted from its arrival.
    static let limit = Duration.seconds(3)

    private let verifier: any PasswordVerifier
    private let places = Mutex(RemoteChecks.atOnceMax)

    init(_ verifier: any PasswordVerifier) { self.verifier = verifier }

    /// - Returns: false if all places are taken; after true, ``leave()`` must follow.
    func enter() -> Bool {
        places.withLock { places in
            guard places > 0 else { return false }
            places -= 1
            return true
        }
    }

    func leave() { places.withLock { $0 += 1 } }

    /// Also for a client that has hung up: else its wrong guess would not be counted.
    func verdict(on password: String, of email: EmailAddress) async -> PasswordVerdict {
        await Task { [verifier] in await verifier.verdict(on: password, of: email) }.value
    }
}
