import StrictJSON

/// What is wrong with a configuration, in words that name the key. Never shows the value of a secret.
struct ConfigurationRefused: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    init(_ key: Key, _ problem: String) { description = "\(key.name): \(problem)" }
}

/// The places a value may stand, strongest first: flags, the environment, the service manager's credentials, the file.
struct Layers: Sendable {
    enum Source: Sendable, Equatable, CustomStringConvertible {
        case flag, variable(String), credential, file, fallback

        var description: String {
            switch self {
            case .flag: "flag"
            case .variable(let name): name
            case .credential: "credential"
            case .file: "file"
            case .fallback: "default"
            }
        }
    }

    /// A value before its kind was looked at.
    enum Raw: Sendable, Equatable { case text(String), integer(Int64), boolean(Bool), list([String]) }

    private let flags: [String: String]
    private let environment: [String: String]
    private let credentials: [String: String]
    private let file: [String: Raw]
    /// Where the relative paths of the file and of the defaults begin; empty: at the working directory.
    private let folder: String
    /// What stands in the place of a key's own default: a preset's.
    private var fallbacks: [String: String] = [:]

    /// - Parameter flags: by the key's dotted name.
    /// - Parameter credential: what the service manager handed over under a secret key's name; nil where it did not.
    /// - Parameter file: the whole JSON text; nil where there is no file.
    /// - Parameter path: of that file.
    init(
        flags: [String: String], environment: [String: String], credential: (Key) -> String? = { _ in nil },
        file: [UInt8]?, at path: String = ""
    ) throws(ConfigurationRefused) {
        for name in flags.keys where !Key.all.contains(where: { $0.name == name }) { throw Layers.unknown(name) }
        self.flags = flags
        self.environment = environment
        // A configuration that comes through a pipe, as `--config /dev/fd/63`, lies in no folder.
        let isPipe = path.utf8.starts(with: "/dev/".utf8) || path.utf8.starts(with: "/proc/".utf8)
        folder = isPipe ? "" : path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? ""
        credentials = Dictionary(
            Key.all.filter(\.isSecret).compactMap { key in credential(key).map { (key.name, $0) } },
            uniquingKeysWith: { first, _ in first })
        self.file = if let file { try Layers.read(file) } else { [:] }
    }

    func raw(_ key: Key) -> (value: Raw, source: Source)? {
        if let value = flags[key.name] { return (.text(value), .flag) }
        for name in [key.variable] + key.aliases {
            if let value = environment[name] { return (.text(value), .variable(name)) }
        }
        if let value = credentials[key.name] { return (.text(value), .credential) }
        if let value = file[key.name] { return (inFolder(value, of: key), .file) }
        return (fallbacks[key.name] ?? key.fallback).map { (inFolder(.text($0), of: key), .fallback) }
    }

    /// With other defaults for some keys.
    func with(fallbacks: [String: String]) -> Layers {
        var layers = self
        layers.fallbacks = fallbacks
        return layers
    }

    private func inFolder(_ value: Raw, of key: Key) -> Raw {
        guard key.kind == .path, case .text(let path) = value, !path.isEmpty, path.utf8.first != UInt8(ascii: "/")
        else { return value }
        return .text(folder + path)
    }

    /// Variables that look like ours but are none, each with what was perhaps meant: a misspelt one is worth a word.
    var strangers: [(name: String, hint: String)] {
        let known = Key.all.map(\.variable) + ["KEYTURN_CONFIG"]
        let strange = environment.keys.filter { $0.utf8.starts(with: "KEYTURN_".utf8) && !known.contains($0) }
        return strange.sorted().map { ($0, Layers.hint(for: $0, among: known)) }
    }

    private static func read(_ bytes: [UInt8]) throws(ConfigurationRefused) -> [String: Raw] {
        let json: JSON
        do { json = try JSON(parsing: bytes) } catch {
            throw ConfigurationRefused("the configuration file is not valid JSON: \(words(for: error, in: bytes))")
        }
        guard let members = json.objectValue else {
            throw ConfigurationRefused("the configuration file must hold one JSON object")
        }
        var values: [String: Raw] = [:]
        try collect(members, under: "", into: &values)
        return values
    }

    /// Names that begin with `//` are remarks, so that an example can explain itself.
    private static func collect(_ members: [JSON.Member], under prefix: String, into values: inout [String: Raw])
        throws(ConfigurationRefused)
    {
        for member in members where !member.name.utf8.starts(with: "//".utf8) {
            let name = prefix + member.name
            if let inner = member.value.objectValue,
                Key.all.contains(where: { $0.name.utf8.starts(with: (name + ".").utf8) })
            {
                try collect(inner, under: name + ".", into: &values)
            } else if let key = Key.all.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) {
                values[name] = try raw(member.value, of: key)
            } else {
                throw unknown(name)
            }
        }
    }

    private static func raw(_ value: JSON, of key: Key) throws(ConfigurationRefused) -> Raw {
        if let text = value.stringValue { return .text(text) }
        if let integer = value.integerValue { return .integer(integer) }
        if let boolean = value.boolValue { return .boolean(boolean) }
        if let array = value.arrayValue {
            let texts = array.compactMap(\.stringValue)
            if texts.count == array.count { return .list(texts) }
        }
        throw ConfigurationRefused(key, "must be \(key.kind.words)")
    }

    private static func unknown(_ name: String) -> ConfigurationRefused {
        let shown = String(
            name.unicodeScalars.filter { $0.value >= 0x20 && $0.value < 0x7F }.prefix(64).map(Character.init))
        return ConfigurationRefused("\(shown): unknown key\(hint(for: shown, among: Key.all.map(\.name)))")
    }

    private static func hint(for strange: String, among known: [String]) -> String {
        let nearest = known.min { distance($0, strange) < distance($1, strange) }
        return nearest.flatMap { distance($0, strange) <= 4 ? " (did you mean \($0)?)" : nil } ?? ""
    }

    /// Levenshtein's distance, over at most 64 characters each.
    private static func distance(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a.utf8.prefix(64)), Array(b.utf8.prefix(64)))
        var row = Array(0...b.count)
        for (i, left) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, right) in b.enumerated() {
                let cost = min(diagonal + (left == right ? 0 : 1), row[j] + 1, row[j + 1] + 1)
                diagonal = row[j + 1]
                row[j + 1] = cost
            }
        }
        return row[b.count]
    }

    private static func words(for refused: JSONRefused, in bytes: [UInt8]) -> String {
        func line(_ at: Int) -> String { "line \(bytes.prefix(at).count { $0 == 0x0A } + 1)" }
        return switch refused {
        case .syntax(let at): "syntax error in \(line(at))"
        case .invalidUTF8(let at): "invalid UTF-8 in \(line(at))"
        case .duplicateName(let at): "a name appears twice in one object, \(line(at))"
        case .loneSurrogate(let at): "half a surrogate pair in \(line(at))"
        case .tooDeep(let limit): "nested more than \(limit) deep"
        }
    }
}

extension Key.Kind {
    var words: String {
        switch self {
        case .text: "a string"
        case .path: "a path"
        case .integer: "a whole number"
        case .boolean: "true or false"
        case .list: "a list of strings"
        case .duration: "a duration such as 250ms, 45s, 10m, 12h or 7d"
        case .rate: "a rate such as 5/s, 30/m or 1000/h"
        }
    }
}
