import ArgumentParser
import Keyturn
import Storage
import StrictJSON

/// `keyturn outbox`: what is promised and not yet mailed.
struct OutboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox", abstract: "Look at what waits to be mailed; try again or drop what failed.",
        subcommands: [List.self, Retry.self, Purge.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "What waits, is under way, or failed; what the provider reported of what it took.")

        @Flag(help: "Only what failed.") var failed = false
        @Option(help: "At most so many rows.") var limit = 100
        @Flag(help: "One JSON object a line.") var json = false
        @OptionGroup var options: ConfigurationOptions

        func validate() throws {
            if !(1...100_000).contains(limit) { throw ValidationError("--limit must be from 1 to 100000") }
        }

        func run() async throws {
            try await options.withDatabase { database, _ in
                let entries = try await database.outbox.entries(failed ? .failed : .all, limit: limit)
                let reports = failed ? [] : try await database.outbox.reports(limit: limit)
                if json {
                    for entry in entries {
                        Terminal.say(OutboxCommand.json(entry))
                    }
                    for report in reports {
                        Terminal.say(OutboxCommand.json(report))
                    }
                    return
                }
                Terminal.table(
                    ["ID", "KIND", "FOR", "STATE", "ATTEMPTS", "RECORDED", "DUE", "LAST REASON"],
                    entries.map {
                        [
                            "\($0.id)", $0.kind.rawValue, $0.email?.text ?? $0.user.map { "user \($0.text)" } ?? "",
                            $0.state.rawValue,
                            "\($0.attempts)", $0.recordedAt.rfc3339, $0.dueAt.rfc3339, $0.lastReason ?? "",
                        ]
                    })
                let depth = try await database.outbox.depth()
                Terminal.say("\(depth.pending) pending, \(depth.leased) under way, \(depth.failed) failed")
                guard !reports.isEmpty else { return }
                Terminal.say("\nreported by the provider: \(reports.count)")
                Terminal.table(
                    ["ID", "FOR", "REPORT", "AT", "REASON"],
                    reports.map {
                        [
                            "\($0.report.requestID)", $0.user.map { "user \($0.text)" } ?? "",
                            $0.report.kind.rawValue, $0.report.at.rfc3339, $0.report.reason,
                        ]
                    })
            }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "retry", abstract: "Failed rows wait again, as if just recorded.")

        @Argument(help: "A row's id.") var id: Int64?
        @Flag(help: "Every failed row.") var all = false
        @OptionGroup var options: ConfigurationOptions

        func validate() throws {
            if (id == nil) != all { throw ValidationError("name one ID, or --all") }
        }

        func run() async throws {
            try await options.withDatabase { database, _ in
                let progress = Progress("pending again")
                let count = try await database.outbox.retry(
                    id.map { .id($0) } ?? .allFailed, at: WallClock.system.now()
                ) { progress.show($0) }
                progress.end()
                if count == 0, let id { throw CommandFailed("no failed row has the id \(id)") }
                Terminal.say("\(count) pending again")
            }
        }
    }

    struct Purge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "purge", abstract: "Drop rows for good.")

        @Argument(help: "A row's id.") var id: Int64?
        @Flag(help: "Every failed row.") var failed = false
        @Option(help: "Every row of this address.") var address: String?
        @OptionGroup var options: ConfigurationOptions

        func validate() throws {
            if [id != nil, failed, address != nil].count(where: { $0 }) != 1 {
                throw ValidationError("name one ID, or --failed, or --address EMAIL")
            }
        }

        func run() async throws {
            let selection: OutboxSelection =
                if let id { .id(id) } else if let address { .address(try parsed(address)) } else { .allFailed }
            try await options.withDatabase { database, _ in
                let progress = Progress("dropped")
                let count = try await database.outbox.purge(selection) { progress.show($0) }
                progress.end()
                if count == 0, let id { throw CommandFailed("no row has the id \(id)") }
                Terminal.say("\(count) dropped")
            }
        }
    }

    static func json(_ entry: OutboxEntry) -> JSON {
        .members(
            ("id", .integer(entry.id)), ("kind", .string(entry.kind.rawValue)),
            ("email", entry.email.map { .string($0.text) } ?? .null),
            ("user_id", entry.user.map { .string($0.text) } ?? .null),
            ("state", .string(entry.state.rawValue)), ("attempts", .integer(Int64(entry.attempts))),
            ("recorded_at", .string(entry.recordedAt.rfc3339)), ("due_at", .string(entry.dueAt.rfc3339)),
            ("last_reason", entry.lastReason.map(JSON.string) ?? .null))
    }

    /// Told from a row by `report` in the place of `state`.
    static func json(_ kept: KeptReport) -> JSON {
        .members(
            ("id", .integer(kept.report.requestID)), ("user_id", kept.user.map { .string($0.text) } ?? .null),
            ("report", .string(kept.report.kind.rawValue)), ("at", .string(kept.report.at.rfc3339)),
            ("reason", .string(kept.report.reason)))
    }
}
