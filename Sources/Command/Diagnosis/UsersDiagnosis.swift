import ForeignUsers
import Telemetry

/// Looks at the accounts in the app's own table.
struct UsersDiagnosis {
    let settings: Settings
    /// How new passwords are hashed, by its name.
    let scheme: String

    func findings() -> [Finding] {
        guard case .table(let path, let mapping) = settings.users else { return [] }
        let sample: TableSample
        do { sample = try TableSample(path: path, mapping) } catch {
            return [
                .error(error.key, Printable.text(error.words), advice: "run `keyturn users check` once it is corrected")
            ]
        }
        var findings: [Finding] = []
        if !sample.hasIndex, settings.pages.hasLogin {
            findings.append(
                .warning(
                    "users.email", "the address has no index, so every look-up reads the whole table",
                    advice:
                        "ask the app's owner for an index on lower(\(mapping.email)), and let people sign in at the app"
                ))
        }
        if let most = sample.formats.first?.name, !sample.formats.contains(where: { $0.name == scheme }) {
            findings.append(
                .warning(
                    "passwords.scheme", "new hashes are \(scheme), and those of the app's table are \(most)",
                    advice: "set it to a scheme that the app reads"))
        }
        if sample.rows > 0, sample.unverified == sample.rows {
            findings.append(
                .warning(
                    "users.verified", "none of the \(sample.rows) newest accounts is verified, so none gets mail",
                    advice: "set users.verified to [] if the app does not verify addresses"))
        }
        return findings.isEmpty ? [.ok("users", "the app's table is as configured")] : findings
    }
}
