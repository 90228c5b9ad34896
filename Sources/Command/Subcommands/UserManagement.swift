import Foundation
import Keyturn

/// What the verbs that change an account share.
extension UserCommand {
    static func management(of store: any Store) -> AccountManagement {
        AccountManagement(store, by: .operator, clock: .system)
    }

    /// Runs one change, and turns its refusal into words.
    static func managing<Result>(
        _ options: ConfigurationOptions, _ change: (AccountManagement, any Store, Settings) async throws -> Result
    ) async throws -> Result {
        try await options.withStore { store, settings in
            do { return try await change(management(of: store), store, settings) } catch let refused
                as ManagementRefused
            {
                throw CommandFailed(refused.words)
            }
        }
    }
}

extension ManagementRefused {
    /// For an operator.
    var words: String {
        switch self {
        case .unknown: "no account has this address"
        case .emailTaken: "another account already has this address"
        case .externalIDTaken: "another account already has this external id"
        case .hasPassword:
            "the account already has a password, so it is not invited: `keyturn user reset-link` makes a link for it"
        case .unverified:
            "the address is not verified, so it gets no mail: `keyturn user verify` it first"
        case .disabled: "the account is disabled: `keyturn user enable` it first"
        case .noticesWait(let count):
            """
            nothing was erased: \(count) \(count == 1 ? "message" : "messages") about a changed password still wait for delivery. \
            Start the service, or see `keyturn outbox list` and `keyturn webhook status`; --drop-notices erases all the same
            """
        case .keepsChanging: "the account kept changing meanwhile: try again"
        case .storage(let failure): failure.words
        }
    }
}
