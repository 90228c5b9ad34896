import Foundation

/// A configuration as it was read at one moment, and the files of secrets that it names.
struct ReadConfiguration: Sendable {
    let settings: Settings
    private let values: [String: Layers.Raw]
    private let secrets: [String: [UInt8]]

    init(_ options: ConfigurationOptions) throws {
        let layers = try options.layers()
        settings = try Settings(layers, readFile: ConfigurationOptions.contents)
        values = Dictionary(
            Key.all.compactMap { key in layers.raw(key).map { (key.name, $0.value) } }, uniquingKeysWith: { $1 })
        let files = ([Key.secretsFile, .webhookSecretFile] + Settings.Provider.secretFiles).compactMap {
            key -> (String, [UInt8])? in
            guard case .text(let path) = layers.raw(key)?.value, !path.isEmpty else { return nil }
            return (try? ConfigurationOptions.contents(of: path)).map { (key.name, $0) }
        }
        secrets = Dictionary(files, uniquingKeysWith: { $1 })
    }

    /// The names of keys whose value, or whose file of secrets, is another than it was, in the order of ``Key/all``.
    func changes(since old: ReadConfiguration) -> [String] {
        Key.all.map(\.name).filter { values[$0] != old.values[$0] || secrets[$0] != old.secrets[$0] }
    }
}
