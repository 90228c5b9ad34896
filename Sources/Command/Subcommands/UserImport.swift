import ArgumentParser
import Foundation
import Keyturn
import PasswordHashing
import Storage
import StrictJSON

extension UserCommand {
    /// `keyturn user import FILE`: the users of an app that exists already; each bad row is named, none is lost in silence.
    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add users from CSV with a header line, or JSON Lines: email, password_hash, verified.")

        @Argument(help: "A file, or - for standard input.") var file: String
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            guard let text = String(validating: try read(), as: UTF8.self) else {
                throw CommandFailed("the file is not UTF-8")
            }
            try await options.withDatabase { database, _ in
                var (added, refused) = (0, 0)
                for row in try ImportRows.read(text) {
                    do {
                        _ = try await database.users.add(row.user(), at: WallClock.system.now())
                        added += 1
                    } catch {
                        refused += 1
                        Terminal.note("line \(row.line): \(ImportRows.words(for: error))")
                    }
                }
                Terminal.say("added \(added), refused \(refused)")
                if refused > 0 { throw ExitCode(1) }
            }
        }

        private func read() throws -> [UInt8] {
            if file == "-" { return Array(FileHandle.standardInput.readDataToEndOfFile()) }
            do { return try ConfigurationOptions.contents(of: file) } catch {
                throw CommandFailed("\(Printable.text(file)) cannot be read")
            }
        }
    }
}

/// The rows of an import file, read but not yet believed.
struct ImportRows {
    /// The columns of CSV, the members of JSON Lines; another name is a slip that would pass for a default.
    static let names = ["email", "password_hash", "verified"]

    struct Row {
        let line: Int
        let values: [String: String]

        /// - Throws: ``CommandFailed`` in words that do not repeat the row.
        func user() throws -> NewUser {
            guard let email = values["email"] else { throw CommandFailed("email is missing") }
            let address: EmailAddress
            do { address = try EmailAddress(parsing: email) } catch {
                throw CommandFailed("email is no address we can mail")
            }
            let hash = values["password_hash"].flatMap { $0.isEmpty ? nil : PasswordHash($0) }
            if let hash, !PasswordHasher.canVerify(hash) {
                throw CommandFailed("password_hash is of no format this build can verify")
            }
            guard let verified = ImportRows.boolean(values["verified"] ?? "true") else {
                throw CommandFailed("verified must be true or false")
            }
            return NewUser(email: address, passwordHash: hash ?? .unusable(), isVerified: verified)
        }
    }

    /// JSON Lines where the first character is `{`, else CSV.
    /// - Parameter whole: UTF-8, perhaps behind the byte order mark that spreadsheets write.
    static func read(_ whole: String) throws -> [Row] {
        let text = whole.unicodeScalars.first == "\u{FEFF}" ? String(whole.unicodeScalars.dropFirst()) : whole
        let isJSON = text.utf8.first { $0 > 0x20 } == UInt8(ascii: "{")
        return isJSON ? try readJSONLines(text) : try readCSV(text)
    }

    static func words(for error: any Error) -> String {
        switch error {
        case AddUserFailed.exists: "there is a user with this address already"
        case AddUserFailed.storage(let failed): failed.reason
        default: "\(error)"
        }
    }

    private static func readJSONLines(_ text: String) throws -> [Row] {
        var rows: [Row] = []
        for (index, line) in text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            let bytes = Array(line)
            if bytes.allSatisfy({ $0 <= 0x20 }) { continue }
            guard let members = (try? JSON(parsing: bytes))?.objectValue else {
                throw CommandFailed("line \(index + 1): not a JSON object")
            }
            rows.append(Row(line: index + 1, values: try values(of: members, line: index + 1)))
        }
        return rows
    }

    /// A value of another type is refused, never taken for a missing one: `"verified": 0` would add a verified user.
    private static func values(of members: [JSON.Member], line: Int) throws -> [String: String] {
        var values: [String: String] = [:]
        for member in members {
            guard names.contains(member.name) else {
                throw CommandFailed("line \(line): unknown member; known are \(names.joined(separator: ", "))")
            }
            if let text = member.value.stringValue {
                values[member.name] = text
            } else if member.name == "verified", let flag = member.value.boolValue {
                values[member.name] = flag ? "true" : "false"
            } else if member.name != "password_hash" || member.value != .null {
                throw CommandFailed("line \(line): \(member.name) is of the wrong type")
            }
        }
        return values
    }

    private static func readCSV(_ text: String) throws -> [Row] {
        var records = try CSV.records(text)
        guard !records.isEmpty else { return [] }
        let header = records.removeFirst().fields
        guard header.contains("email") else { throw CommandFailed("line 1: the header names no column email") }
        for name in header where !names.contains(name) {
            throw CommandFailed("line 1: unknown column; known are \(names.joined(separator: ", "))")
        }
        guard Set(header).count == header.count else { throw CommandFailed("line 1: a column stands there twice") }
        return try records.map { record in
            guard record.fields.count == header.count else {
                throw CommandFailed(
                    "line \(record.line): \(record.fields.count) fields where the header has \(header.count)")
            }
            return Row(
                line: record.line,
                values: Dictionary(zip(header, record.fields), uniquingKeysWith: { first, _ in first }))
        }
    }

    private static func boolean(_ text: String) -> Bool? {
        switch text {
        case "true", "1", "yes", "": true
        case "false", "0", "no": false
        default: nil
        }
    }
}

/// Comma-separated values (RFC 4180): quotes around fields, doubled inside them; CRLF or LF ends a record.
enum CSV {
    struct Record {
        /// Where it begins, counted from 1.
        let line: Int
        let fields: [String]
    }

    static func records(_ text: String) throws -> [Record] {
        var records: [Record] = []
        var (fields, field): ([String], [UInt8]) = ([], [])
        var (line, start) = (1, 1)
        var (isQuoted, wasQuoted) = (false, false)
        func endField() {
            fields.append(String(decoding: field, as: UTF8.self))
            (field, wasQuoted) = ([], false)
        }
        func endRecord() {
            if field.last == 0x0D, !wasQuoted { field.removeLast() }
            endField()
            if fields != [""] { records.append(Record(line: start, fields: fields)) }
            (fields, start) = ([], line)
        }
        let bytes = Array(text.utf8)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == 0x0A { line += 1 }
            switch byte {
            case 0x22 where isQuoted && index < bytes.count && bytes[index] == 0x22:
                field.append(0x22)
                index += 1
            case 0x22 where isQuoted: (isQuoted, wasQuoted) = (false, true)
            case _ where isQuoted: field.append(byte)
            case 0x22 where field.isEmpty && !wasQuoted: isQuoted = true
            case 0x2C: endField()
            case 0x0D where wasQuoted: break
            case 0x0A: endRecord()
            case _ where wasQuoted: throw CommandFailed("line \(line): text behind a closing quote")
            default: field.append(byte)
            }
        }
        if isQuoted { throw CommandFailed("line \(start): a quote is never closed") }
        if !field.isEmpty || !fields.isEmpty || wasQuoted { endRecord() }
        return records
    }
}
