import ArgumentParser
import Cryptography
import ForeignUsers
import Keyturn
import Telemetry

/// `keyturn users`: the table of accounts in the app's database.
struct UsersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users",
        abstract: "Look at the accounts in the app's own database, and at the rights that keyturn needs there.",
        subcommands: [Check.self, Grants.self])

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract:
                "Find the app's table, sample \(TableSample.rowsMax) rows, and say which formats stand there and who could get no mail.",
            discussion: "Exit status: 0 no problem, 1 errors, 2 warnings only. Changes nothing.")

        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let settings = try options.settings()
            switch settings.users {
            case .own: throw ConfigurationRefused(.usersSource, "is own: accounts live in keyturn's own store")
            case .table(let path, let mapping): try check(settings, path, mapping)
            case .http: try await ask(settings)
            }
        }

        /// Asks for an address that nobody has, which changes nothing.
        private func ask(_ settings: Settings) async throws {
            guard let source = try settings.users.open(databasePath: settings.databasePath) else { return }
            defer { source.close() }
            let name = String(decoding: SecureRandom.bytes(8).map { 0x61 + $0 % 26 }, as: UTF8.self)
            do {
                let found = try await source.rows(
                    of: [EmailAddress(stored: "\(name)@keyturn-check.invalid")], for: .link)
                guard found.allSatisfy(\.isEmpty) else {
                    throw CommandFailed("the app has an account for an address that was made up just now")
                }
                Terminal.say("the app answers users.find, and its answers can be read")
            } catch let failed as StorageFailed {
                throw CommandFailed(Printable.text(failed.words))
            }
        }

        private func check(_ settings: Settings, _ path: String, _ mapping: MappingText) throws {
            let sample: TableSample
            do { sample = try TableSample(path: path, mapping) } catch { throw ConfigurationRefused(error) }
            let layers = try options.layers()
            let scheme = (try? Values(layers).text(.passwordScheme)) ?? ""
            Terminal.say("file           \(Printable.text(path))")
            Terminal.say("table          \(Printable.text(sample.mapping))")
            if let preset = settings.users.preset {
                Terminal.say("preset         \(preset.name)")
                Terminal.say("sessions       \(preset.sessions)")
            }
            Terminal.say("sampled        \(sample.rows) rows")
            Terminal.say(
                "formats        "
                    + (sample.formats.isEmpty
                        ? "none" : sample.formats.map { "\($0.name) \($0.count)" }.joined(separator: ", ")))
            Terminal.say("new hashes     \(scheme)")
            Terminal.say("no password    \(sample.withoutPassword) (users.withoutPassword: \(mapping.withoutPassword))")
            Terminal.say("no address     \(sample.withoutAddress)")
            Terminal.say("may not reset  \(sample.mayNotReset)")
            Terminal.say("unverified     \(sample.unverified)")
            Terminal.say(
                "index          \(sample.hasIndex ? "the address has one (\(sample.addressIndex))" : "none on the address")"
            )
            for left in sample.leftOut { Terminal.say("left out       \(Printable.text(left))") }
            let warnings = warnings(sample, mapping, scheme)
            for warning in warnings { Terminal.note("warning: \(warning)") }
            if !warnings.isEmpty { throw ExitCode(2) }
        }

        private func warnings(_ sample: TableSample, _ mapping: MappingText, _ scheme: String) -> [String] {
            var warnings: [String] = []
            if !sample.hasIndex {
                warnings.append(
                    """
                    the address has no index, so every look-up reads the whole table; the app's owner could run: \
                    CREATE INDEX \(mapping.table)_email_lower ON \(mapping.table) (lower(\(mapping.email)))
                    """)
            }
            if sample.rows > 0, sample.unverified == sample.rows {
                warnings.append(
                    "users.verified: none of the sampled accounts is verified, so none would get mail; if the app does not verify addresses, set users.verified to []"
                )
            }
            if sample.rows > 0, sample.mayNotReset == sample.rows {
                warnings.append("users.mayReset: none of the sampled accounts may reset its password")
            }
            if let most = sample.formats.first, most.name != scheme,
                !sample.formats.contains(where: { $0.name == scheme })
            {
                warnings.append(
                    "passwords.scheme: new hashes would be \(scheme), but the sampled ones are \(most.name): can the app read \(scheme)?"
                )
            }
            if let width = sample.hashWidth, width < Self.leastWidth(of: scheme) {
                warnings.append(
                    "users.hash: the column is declared \(sample.hashType), and a hash of \(scheme) has up to \(Self.leastWidth(of: scheme)) characters"
                )
            }
            return warnings
        }

        /// What the widest hash of a scheme takes at the costs that are configured usually.
        private static func leastWidth(of scheme: String) -> Int {
            switch scheme {
            case "bcrypt", "bcrypt-2a", "bcrypt-2y": 60
            case "wordpress-bcrypt": 63
            case "django-pbkdf2-sha256": 88
            case "django-scrypt": 128
            case "werkzeug-scrypt": 162
            case "aspnet-identity-v3": 84
            default: 97
            }
        }
    }

    struct Grants: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "grants",
            abstract: "Print the least rights that keyturn needs in the app's database.")

        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            switch try options.settings().users {
            case .own: throw ConfigurationRefused(.usersSource, "is own: keyturn needs no rights in another database")
            case .http: throw ConfigurationRefused(.usersSource, "is http: keyturn needs no rights in a database")
            case .table(let path, let mapping):
                let lines: [String]
                do { lines = try FileRights.lines(path: path, mapping) } catch { throw ConfigurationRefused(error) }
                for line in lines { Terminal.say(line) }
            }
        }
    }
}
