import Foundation

/// Who may read a file, as its permission bits say.
struct FileMode: Sendable {
    private let bits: Int

    /// nil where there is no such file.
    init?(of path: String) {
        guard let bits = try? FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int else {
            return nil
        }
        self.bits = bits
    }

    /// Whether any user of the machine can read or change it.
    var isForOthers: Bool { bits & 0o006 != 0 }
}

/// Files that hold a secret, each with the key that names it.
enum SecretFile {
    static func all(in layers: Layers, settings: Settings, configurationFile: String?) -> [(key: String, path: String)]
    {
        var files: [(key: String, path: String)] = []
        if let configurationFile, Key.all.contains(where: { $0.isSecret && layers.raw($0)?.source == .file }) {
            files.append(("--config", configurationFile))
        }
        for key in [Key.secretsFile, Key.pepperFile, Key.sendGridKeyFile, Key.webhookSecretFile] {
            if case .text(let path) = layers.raw(key)?.value, !path.isEmpty { files.append((key.name, path)) }
        }
        if let tls = settings.server.tls { files.append((Key.tlsKey.name, tls.key)) }
        return files
    }
}
