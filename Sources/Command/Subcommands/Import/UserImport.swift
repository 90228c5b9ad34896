import ArgumentParser
import Foundation
import Keyturn
import PasswordHashing
import Telemetry

extension UserCommand {
    /// `keyturn user import FILE`: the users of an app that exists already; each bad row is named, none is lost in silence.
    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import",
            abstract:
                "Import accounts from CSV with a header line, or JSON: \(ImportField.list).",
            discussion: """
                CSV may have commas, semicolons or tabs, and be UTF-8 or UTF-16; JSON may be an object a line, an array, or what Firebase \
                and Keycloak write. Without a column `verified`, every account counts as verified and gets mail; in a column `verified`, \
                an empty cell means not verified, and a time means verified. An account without a password_hash sets its password with \
                its first reset link, and so does one whose hash has a format that keyturn does not know. A row that cannot be imported \
                is reported with its line and the reason, and the import goes on. After an interruption, run it again: rows that are there \
                already, just as the file says, count as unchanged. Each system's way is in docs/import.md.
                """)

        @Argument(help: "A file, or - for standard input.") var file: String
        @Flag(help: "Check every row, say what would be imported, and write nothing.") var dryRun = false
        @Option(
            help: ArgumentHelp(
                "How the file names what keyturn calls otherwise; the rest is left out.", valueName: "OURS=THEIRS,…"))
        var map: String?
        @Option(help: "Whose export it is.") var from: ExportSource?
        @Option(help: ArgumentHelp("Firebase's password hash parameters.", valueName: "FILE")) var hashParameters:
            String?
        @Option(help: "What your app made of a password before it was hashed, e.g. sha256-hex (Meteor, Rocket.Chat).")
        var prehash: String?
        @Flag(help: "Change accounts that exist to what the file says. A password that was reset here stays.")
        var update = false
        @Flag(help: "Take long texts that look like plain text for hashes of an unknown format.") var acceptOpaque =
            false
        @OptionGroup var options: ConfigurationOptions

        func validate() throws {
            if map != nil, from != nil { throw ValidationError("give either --map or --from") }
            _ = try columns()
            _ = try preHash()
        }

        func run() async throws {
            let source = try ImportSource(file)
            var reading = ImportOptions(map: try columns(), source: from)
            reading.firebase = try hashParameters.map(FirebaseParameters.init(file:))
            let settings = try options.settings()
            if dryRun, !settings.storeFiles.exists {
                Terminal.note("there is no \(Printable.text(settings.databasePath)) yet: all rows count as new")
                return try await take(source, reading, into: nil)
            }
            // A file that makes no sense makes no store.
            let survey = try survey(source, reading)
            try await options.withStore(dryRun ? .existing : .creating, settings) { store, _ in
                if !dryRun { try await store.imports.expectManyUsers() }
                try await take(source, reading, survey, into: store)
            }
        }

        private func take(_ source: ImportSource, _ reading: ImportOptions, into store: (any Store)?) async throws {
            try await take(source, reading, survey(source, reading), into: store)
        }

        /// Reads the whole file, and refuses what is wrong with it as a whole.
        private func survey(_ source: ImportSource, _ reading: ImportOptions) throws -> (ImportSurvey, HashJudge) {
            var judge = HashJudge(preHash: try preHash(), acceptsOpaque: acceptOpaque)
            var survey = try surveyed(source, reading, judge)
            let candidates = survey.shared
            if !candidates.isEmpty {
                judge.shared = try sharedTexts(source, reading, candidates)
                // Not a second time: who was refused has been told of.
                survey.recount(try tally(source, reading, judge))
            }
            if survey.tally.plainTexts * 100 > survey.rows, !acceptOpaque {
                throw CommandFailed(
                    """
                    nothing was imported: \(survey.tally.plainTexts) of \(survey.rows) rows have plain text where a password hash \
                    should be. If these are hashes all the same, --accept-opaque takes the longer ones and counts the others as no password
                    """)
            }
            return (survey, judge)
        }

        private func surveyed(_ source: ImportSource, _ reading: ImportOptions, _ judge: HashJudge) throws
            -> ImportSurvey
        {
            let progress = Progress("rows read")
            var survey = ImportSurvey(judge) { Terminal.note($0) }
            var notes: [String] = []
            do {
                notes = try each(source, reading) { rows in
                    try survey.take(rows)
                    progress.show(survey.rows, share: source.share)
                }
                try survey.finish()
            } catch {
                progress.end()
                throw error
            }
            progress.end()
            for note in notes { Terminal.note(Printable.text(note)) }
            return survey
        }

        /// Hands over the rows of the file from its beginning.
        /// - Returns: the notes of the reader.
        private func each(
            _ source: ImportSource, _ reading: ImportOptions, _ take: ([ImportRow]) throws -> Void
        ) throws -> [String] {
            try source.rewind()
            var reader = ImportReader(reading)
            while let bytes = try source.next() { try take(reader.read(bytes)) }
            try take(reader.finish())
            return reader.notes
        }

        private func sharedTexts(_ source: ImportSource, _ reading: ImportOptions, _ candidates: Set<Int>) throws
            -> Set<String>
        {
            var counts: [String: Int] = [:]
            _ = try each(source, reading) { rows in
                for row in rows {
                    guard case .success(let values) = row.content, let text = values.passwordHash,
                        candidates.contains(text.hashValue)
                    else { continue }
                    counts[text, default: 0] += 1
                }
            }
            return Set(counts.filter { $0.value > HashJudge.sharedMax }.keys)
        }

        private func tally(_ source: ImportSource, _ reading: ImportOptions, _ judge: HashJudge) throws -> HashTally {
            var tally = HashTally()
            _ = try each(source, reading) { rows in
                for row in rows {
                    guard case .success(let values) = row.content, (try? values.facts()) != nil else { continue }
                    tally.add(judge.judge(values.passwordHash ?? ""))
                }
            }
            return tally
        }

        private func take(
            _ source: ImportSource, _ reading: ImportOptions, _ known: (survey: ImportSurvey, judge: HashJudge),
            into store: (any Store)?
        ) async throws {
            let progress = Progress(dryRun ? "rows checked" : "rows")
            var importing = Importing(
                after: known.survey, known.judge, store: store, isDryRun: dryRun, updates: update
            ) { Terminal.note($0) }
            try source.rewind()
            var reader = ImportReader(reading)
            while let bytes = try source.next() {
                try await importing.take(reader.read(bytes))
                progress.show(importing.rows, share: source.share)
            }
            try await importing.take(reader.finish())
            try await importing.finish()
            progress.end()
            for assumption in importing.assumptions + known.survey.tally.lines { Terminal.note(assumption) }
            Terminal.say(importing.summary)
            if importing.refused > 0 { throw ExitCode(1) }
        }

        // MARK: What was typed

        private func columns() throws -> [ImportField: String] {
            var columns: [ImportField: String] = [:]
            guard let map else { return columns }
            for pair in map.split(separator: ",", omittingEmptySubsequences: false) {
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, let field = ImportField(named: String(parts[0])) else {
                    throw ValidationError("--map: write OURS=THEIRS,…; ours are \(ImportField.list)")
                }
                let theirs = withoutOuterBlanks(String(parts[1]))
                guard !theirs.isEmpty, columns.updateValue(theirs, forKey: field) == nil else {
                    throw ValidationError("--map: \(field.rawValue) is empty, or named twice")
                }
            }
            return columns
        }

        private func preHash() throws -> PreHash? {
            guard let prehash else { return nil }
            guard let known = PreHash(rawValue: prehash) else {
                let names = PreHash.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--prehash: one of \(names)")
            }
            return known
        }
    }
}
