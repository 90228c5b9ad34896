import ArgumentParser
import Foundation

/// Where the configuration comes from, the same for every subcommand.
struct ConfigurationOptions: ParsableArguments {
    @Option(name: .customLong("config"), help: "A JSON file; config.example.json documents every key.")
    var file: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("One key, over file and environment; may stand several times.", valueName: "key=value"))
    var overrides: [String] = []

    func layers(environment: [String: String] = ProcessInfo.processInfo.environment) throws -> Layers {
        var flags: [String: String] = [:]
        for override in overrides {
            guard let equals = override.firstIndex(of: "=") else {
                throw ValidationError("--set wants key=value, such as --set server.port=8081")
            }
            flags[String(override[..<equals])] = String(override[override.index(after: equals)...])
        }
        return try Layers(flags: flags, environment: environment, file: readFile(environment))
    }

    /// Loads and checks the whole configuration. A variable that looks like ours but is none is worth a line on stderr.
    func settings() throws -> Settings {
        let layers = try layers()
        for stranger in layers.strangers { Terminal.note("\(Printable.text(stranger)): no such setting, ignored") }
        return try Settings(layers, readFile: ConfigurationOptions.contents)
    }

    private func readFile(_ environment: [String: String]) throws -> [UInt8]? {
        guard let path = file ?? environment["KEYTURN_CONFIG"] else { return nil }
        do { return try ConfigurationOptions.contents(of: path) } catch {
            throw ConfigurationRefused("the configuration file \(Printable.text(path)) cannot be read")
        }
    }

    @Sendable static func contents(of path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }
}
