import Cryptography
import Foundation
import StrictJSON

/// What Firebase's console shows under "Password hash parameters": as JSON, or as it is shown there.
struct FirebaseParameters: Sendable, Equatable {
    /// `$fbscrypt$v=1,…` up to the salt.
    let prefix: String

    /// - Throws: ``CommandFailed``, which names what is missing; never a value.
    init(file path: String) throws {
        guard let data = FileManager.default.contents(atPath: path), data.count <= 64 * 1024 else {
            throw CommandFailed("--hash-parameters: cannot read \(Printable.text(path)), or it is larger than 64 KiB")
        }
        try self.init(Array(data))
    }

    init(_ bytes: [UInt8]) throws {
        let values = try Self.values(bytes)
        func text(_ name: String) throws -> String {
            guard let text = values[name], !text.isEmpty else {
                throw CommandFailed("--hash-parameters: \(name) is missing")
            }
            return text
        }
        let number = { (name: String) throws -> Int in
            guard let number = Int(try text(name)), (1...30).contains(number) else {
                throw CommandFailed("--hash-parameters: \(name) must be a number from 1 to 30")
            }
            return number
        }
        if let algorithm = values["algorithm"], algorithm != "SCRYPT" {
            throw CommandFailed("--hash-parameters: algorithm must be SCRYPT")
        }
        let (cost, rounds) = (try number("mem_cost"), try number("rounds"))
        let separator = Self.base64(try text("base64_salt_separator")), key = Self.base64(try text("base64_signer_key"))
        for (name, value) in [("base64_salt_separator", separator), ("base64_signer_key", key)]
        where Data(base64Encoded: value) == nil {
            throw CommandFailed("--hash-parameters: \(name) is not base64")
        }
        prefix = "$fbscrypt$v=1,n=\(cost),r=\(rounds),p=1,ss=\(separator),sk=\(key)"
    }

    private static func values(_ bytes: [UInt8]) throws -> [String: String] {
        if let members = (try? JSON(parsing: bytes))?.objectValue {
            let inner = members.first { $0.name == "hash_config" }?.value.objectValue ?? members
            return Dictionary(inner.map { ($0.name, $0.value.importText ?? "") }) { first, _ in first }
        }
        var values: [String: String] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let trim = { (part: Substring) in part.trimmingCharacters(in: CharacterSet(charactersIn: " \t\",")) }
            values[trim(parts[0])] = trim(parts[1])
        }
        return values
    }

    /// Base64 with the alphabet and padding of RFC 4648 §4, from that or from base64url.
    static func base64(_ text: String) -> String {
        var bytes = text.utf8.filter { $0 != UInt8(ascii: "=") }.map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            default: byte
            }
        }
        while bytes.count % 4 != 0 { bytes.append(UInt8(ascii: "=")) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
