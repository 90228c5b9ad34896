import ArgumentParser
import Foundation
import Keyturn
import Telemetry

/// `keyturn migrate`: applies what is missing and says what it did.
struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Apply pending migrations to the database.")

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        try await options.withStore(.migrating) { store, _ in
            for name in store.newlyApplied { Terminal.say("applied \(name)") }
            if store.newlyApplied.isEmpty { Terminal.say("no pending migrations") }
        }
    }
}
