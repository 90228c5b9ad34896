import ArgumentParser
import Foundation
import Keyturn
import PasswordHashing
import StrictJSON
import Telemetry

extension UserCommand {
    /// `keyturn user export`: all users, as `user import` reads them back.
    struct Export: AsyncParsableCommand {
        enum Format: String, ExpressibleByArgument, CaseIterable { case jsonl, csv }

        static let configuration = CommandConfiguration(
            commandName: "export",
            abstract: "Export all accounts, with their password hashes, as `user import` reads them.",
            discussion: "For an exact copy of everything, including the outbox and all dates, use `keyturn backup`.")

        @Argument(help: "A new file, readable only by you; or - for standard output.") var file = "-"
        @Option(help: "jsonl or csv.") var format = Format.jsonl
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let output = try ExportFile(file)
                if format == .csv { try output.write("email,password_hash,verified,disabled,external_id\n") }
                var (last, count): (UserID?, Int) = (nil, 0)
                while true {
                    let page = try await store.accounts.list(after: last, limit: accountListLimit)
                    try output.write(page.map(line).joined())
                    count += page.count
                    guard page.count == accountListLimit else { break }
                    last = page.last?.id
                }
                try output.close()
                Terminal.note("exported \(count) \(count == 1 ? "account" : "accounts")")
            }
        }

        private func line(_ user: User) -> String {
            switch format {
            case .jsonl:
                let json = JSON.members(
                    ("email", .string(user.email.text)), ("password_hash", .string(user.passwordHash.text)),
                    ("verified", .bool(user.isVerified)), ("disabled", .bool(user.isDisabled)),
                    ("external_id", user.externalID.map { .string($0.text) } ?? .null))
                return Telemetry.Printable.json(String(decoding: json.write(), as: UTF8.self)) + "\n"
            case .csv:
                let fields = [
                    user.email.text, user.passwordHash.text, "\(user.isVerified)", "\(user.isDisabled)",
                    user.externalID?.text ?? "",
                ]
                return fields.map(Self.quoted).joined(separator: ",") + "\n"
            }
        }

        /// Quoted where a separator, a quote or a line end stands in it (RFC 4180 §2).
        private static func quoted(_ field: String) -> String {
            guard field.utf8.contains(where: { [0x2C, 0x22, 0x0D, 0x0A].contains($0) }) else { return field }
            return "\"" + field.replacing("\"", with: "\"\"") + "\""
        }
    }
}

/// Where an export goes: it holds password hashes, so a file is new and its owner's alone.
private struct ExportFile {
    private let handle: FileHandle

    init(_ path: String) throws {
        if path == "-" {
            handle = .standardOutput
            return
        }
        // New, and for its owner alone. The path is borrowed for the call.
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailed("cannot create \(FileRefused(path, errno: errno))")
        }
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    func write(_ text: String) throws {
        do { try handle.write(contentsOf: Data(text.utf8)) } catch {
            throw CommandFailed("cannot write the export: \(SystemWords.words(error))")
        }
    }

    func close() throws {
        if handle.fileDescriptor != STDOUT_FILENO { try handle.synchronize() }
    }
}
