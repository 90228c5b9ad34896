import ArgumentParser
import HTTPClient
import Keyturn
import Mailroom
import Sockets
import Storage

/// `keyturn webhook`: what the app is told.
struct WebhookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook", abstract: "Try the app's address for messages; see what waits; try again what failed.",
        subcommands: [Test.self, Status.self, Retry.self])

    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "test", abstract: "Send one message of the type `test`, signed, and say what the app answered."
        )

        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            guard let app = try options.settings().app else { throw ConfigurationRefused(.webhookURL, "missing") }
            let loops = try EventLoops(count: 1)
            let (sender, client) = try app.sender(loops: loops, clock: .system)
            let answer = await sender.sendTest(id: "msg_test-\(WallClock.system.now().milliseconds)")
            await client.shutDown()
            await loops.shutDown()
            switch answer {
            case .taken: Terminal.say("taken")
            case .gone: throw CommandFailed("410: the app wants no more messages")
            case .refused(let reason), .unreachable(let reason):
                throw CommandFailed("not taken: \(Printable.text(reason))")
            }
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status", abstract: "How many messages wait, and how many failed.")

        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            try await options.withDatabase { database, settings in
                let depth = try await database.webhooks.depth()
                let oldest = depth.oldest.map { ", the oldest since \($0.rfc3339)" } ?? ""
                Terminal.say("\(depth.pending + depth.leased) waiting, \(depth.failed) failed\(oldest)")
                if settings.app == nil, depth.pending + depth.leased > 0 {
                    Terminal.note(
                        """
                        webhooks.url is not set, so nothing is sent: \(Key.webhookMaximumAge.name) \
                        (\(Units.text(settings.webhookMaximumAge))) after it was recorded, the service drops a message
                        """)
                }
            }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "retry", abstract: "Every failed message waits again, as if just recorded.")

        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            try await options.withDatabase { database, _ in
                let count = try await database.webhooks.retryFailed(at: WallClock.system.now())
                Terminal.say("\(count) pending again")
            }
        }
    }
}
