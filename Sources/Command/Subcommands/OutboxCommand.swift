import ArgumentParser
import Keyturn
import StrictJSON

/// `keyturn outbox`: what is promised and not yet mailed.
struct OutboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox", abstract: "List queued mail; retry or delete what failed.",
        subcommands: [List.self, Retry.self, Purge.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List pending, leased and failed rows, and what the provider reported about mail it had accepted."
        )

        @Flag(help: "Only failed rows.") var failed = false
        @Option(help: "The most rows to list, oldest first.") var limit = 100
        @Flag(help: "Print one JSON object per line.") var json = false
        @OptionGroup var options: ConfigurationOptions

        func validate() throws {
            if !(1...100_000).contains(limit) { throw ValidationError("--limit must be between 1 and 100000") }
        }

        func run() async throws {
            try await options.withStore { store, _ in
                let depth = try await store.operations.depth()
                let listed = try await list(store)
                let reports = failed ? [] : try await store.operations.reports(limit: limit)
                let total = failed ? depth.failed : depth.pending + depth.leased + depth.failed
                if listed == limit, total > listed {
                    Terminal.note("\(total) rows match; these are the oldest \(listed). --limit lists more")
                }
                if json {
                    for report in reports { Terminal.say(OutboxCommand.json(report)) }
                    return
                }
                Terminal.say("\(depth.pending) pending, \(depth.leased) being delivered, \(depth.failed) failed")
                guard !reports.isEmpty else { return }
                Terminal.say("\nreported by the provider: \(reports.count)")
                Terminal.table(
                    ["ID", "FOR", "REPORT", "AT", "REASON"],
                    reports.map {
                        [
                            "\($0.report.outboxID)", $0.user.map { "user \($0.text)" } ?? "",
                            $0.report.kind.rawValue, $0.report.at.rfc3339, $0.report.reason,
                        ]
                    })
            }
        }

        /// A page at a time, so that a long outbox is never held whole.
        /// - Returns: how many rows were listed.
        private func list(_ store: any Store) async throws -> Int {
            var (listed, last): (Int, OutboxPosition?) = (0, nil)
            while listed < limit {
                let wanted = min(limit - listed, outboxListLimit)
                let page = try await store.operations.entries(failed ? .failed : .all, after: last, limit: wanted)
                if json {
                    for entry in page { Terminal.say(OutboxCommand.json(entry)) }
                } else {
                    let header = ["ID", "KIND", "FOR", "STATE", "ATTEMPTS", "RECORDED", "DUE", "LAST REASON"]
                    Terminal.table(listed == 0 ? header : [], page.map(Self.cells))
                }
                listed += page.count
                guard page.count == wanted, let end = page.last?.position else { break }
                last = end
            }
            return listed
        }

        private static func cells(_ entry: OutboxEntry) -> [String] {
            [
                entry.id.map { "\($0)" } ?? "-", entry.kind.rawValue,
                entry.email?.text ?? entry.user.map { "user \($0.text)" } ?? "",
                entry.state.rawValue, "\(entry.attempts)", entry.recordedAt.rfc3339, entry.dueAt.rfc3339,
                entry.lastReason ?? "",
            ]
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "retry", abstract: "Queue failed rows again, as if they had just been recorded.")

        @Argument(help: "The id of a row.") var id: Int64?
        @Flag(help: "All failed rows.") var all = false
        @OptionGroup var options: ConfigurationOptions

        func validate() throws {
            if (id == nil) != all { throw ValidationError("give one ID, or --all") }
        }

        func run() async throws {
            try await options.withStore { store, _ in
                let progress = Progress("queued again")
                let count = try await store.operations.retry(
                    id.map { .id(OutboxID($0)) } ?? .allFailed, at: WallClock.system.now()
                ) { progress.show($0) }
                progress.end()
                if count == 0, let id { throw CommandFailed("no failed row has the id \(id)") }
                Terminal.say("\(count) queued again")
            }
        }
    }

    struct Purge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "purge", abstract: "Delete rows.")

        @Argument(help: "The id of a row.") var id: Int64?
        @Flag(help: "All failed rows.") var failed = false
        @Option(help: "All rows of this address.") var address: String?
        @OptionGroup var options: ConfigurationOptions

        func validate() throws {
            if [id != nil, failed, address != nil].count(where: { $0 }) != 1 {
                throw ValidationError("give one ID, --failed, or --address EMAIL")
            }
        }

        func run() async throws {
            let selection: OutboxSelection =
                if let id { .id(OutboxID(id)) } else if let address { .address(try parsed(address)) } else {
                    .allFailed
                }
            try await options.withStore { store, _ in
                let progress = Progress("deleted")
                let count = try await store.operations.purge(selection) { progress.show($0) }
                progress.end()
                if count == 0, let id { throw CommandFailed("no row has the id \(id)") }
                Terminal.say("\(count) deleted")
            }
        }
    }

    static func json(_ entry: OutboxEntry) -> JSON {
        .members(
            ("id", entry.id.map { .integer($0.number) } ?? .null), ("kind", .string(entry.kind.rawValue)),
            ("email", entry.email.map { .string($0.text) } ?? .null),
            ("user_id", entry.user.map { .string($0.text) } ?? .null),
            ("state", .string(entry.state.rawValue)), ("attempts", .integer(Int64(entry.attempts))),
            ("recorded_at", .string(entry.recordedAt.rfc3339)), ("due_at", .string(entry.dueAt.rfc3339)),
            ("last_reason", entry.lastReason.map(JSON.string) ?? .null))
    }

    /// Told from a row by `report` in the place of `state`.
    static func json(_ kept: KeptReport) -> JSON {
        .members(
            ("id", .integer(kept.report.outboxID.number)), ("user_id", kept.user.map { .string($0.text) } ?? .null),
            ("report", .string(kept.report.kind.rawValue)), ("at", .string(kept.report.at.rfc3339)),
            ("reason", .string(kept.report.reason)))
    }
}
