import ArgumentParser
import Foundation

/// Where the configuration comes from, the same for every subcommand.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: .customLong("config"), help: "The configuration, a JSON file; config.example.json documents every key.")
    var file: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Set one key, over the file and the environment. May be given several times.", valueName: "key=value"))
    var overrides: [String] = []

    func layers(environment: [String: String] = ProcessInfo.processInfo.environment) throws -> Layers {
        var flags: [String: String] = [:]
        for override in overrides {
            guard let equals = override.firstIndex(of: "=") else {
                throw ValidationError("--set needs key=value, such as --set server.port=8081")
            }
            flags[String(override[..<equals])] = String(override[override.index(after: equals)...])
        }
        return try Layers(
            flags: flags, environment: environment, credential: { Self.credential($0, environment) },
            file: readFile(environment), at: path(environment) ?? ""
        ).withUsersDefaults()
    }

    /// Where the configuration file is; nil where there is none.
    var path: String? { path(ProcessInfo.processInfo.environment) }

    private func path(_ environment: [String: String]) -> String? { file ?? environment["KEYTURN_CONFIG"] }

    /// systemd puts each credential of a unit into a file of its name, in a directory that only the service can read. An empty one
    /// is none: the package's unit names all of them, and the value may stand elsewhere.
    private static func credential(_ key: Key, _ environment: [String: String]) -> String? {
        guard let directory = environment["CREDENTIALS_DIRECTORY"], !directory.isEmpty,
            let bytes = try? contents(of: "\(directory)/\(key.name)"),
            let text = String(validating: bytes, as: UTF8.self), text.utf8.contains(where: { $0 > 0x20 })
        else { return nil }
        return text
    }

    /// Loads and checks the whole configuration. A variable that looks like ours but is none is worth a line on stderr.
    func settings(note: (String) -> Void = Terminal.note) throws -> Settings {
        let layers = try layers()
        for stranger in layers.strangers {
            note("\(Printable.text(stranger.name)): unknown setting, ignored\(stranger.hint)")
        }
        return try Settings(layers, readFile: ConfigurationOptions.contents)
    }

    private func readFile(_ environment: [String: String]) throws -> [UInt8]? {
        guard let path = path(environment) else { return nil }
        do { return try FileContents.bytes(of: path) } catch {
            throw ConfigurationRefused("cannot read the configuration file \(error)")
        }
    }

    @Sendable static func contents(of path: String) throws -> [UInt8] {
        try FileContents.bytes(of: path)
    }
}
