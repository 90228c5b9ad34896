import ArgumentParser
import HTTPClient
import Keyturn
import Mailroom
import Sockets

/// `keyturn webhook`: what the app is told.
struct WebhookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook", abstract: "Test the app's webhook; show what is queued; retry what failed.",
        subcommands: [Test.self, Status.self, Retry.self])

    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "test", abstract: "Send one signed message of the type `test` and print the app's answer."
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
            case .taken: Terminal.say("accepted by the app")
            case .gone: throw CommandFailed("the app answered 410: it wants no more messages")
            case .refused(let reason), .unreachable(let reason):
                throw CommandFailed("not accepted: \(Printable.text(reason))")
            }
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status", abstract: "Show how many messages are queued and how many failed.")

        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            try await options.withStore { store, settings in
                let depth = try await store.webhooks.depth()
                let oldest = depth.oldest.map { ", the oldest queued since \($0.rfc3339)" } ?? ""
                Terminal.say("\(depth.pending + depth.leased) queued, \(depth.failed) failed\(oldest)")
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
            commandName: "retry", abstract: "Queue every failed message again, as if it had just been recorded.")

        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let count = try await store.webhooks.retryFailed(at: WallClock.system.now())
                Terminal.say("\(count) queued again")
            }
        }
    }
}
