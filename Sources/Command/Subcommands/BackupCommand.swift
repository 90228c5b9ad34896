import ArgumentParser
import Foundation
import Keyturn

/// `keyturn backup FILE`: the whole database as it is now, while the service goes on.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Back up the database to a new file while the service runs, and check the copy.",
        discussion: """
            Only its owner can read the copy, and it never replaces a file. It contains password hashes, but no secret of the \
            configuration: keep those elsewhere. No migration is applied, so run this before an upgrade.
            """)

    @Argument(help: "A file that does not exist yet.") var file: String
    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let settings = try options.settings()
        do { try settings.storeFiles.backUp(to: file) } catch {
            throw CommandFailed(error.words(database: settings.databasePath, copy: file))
        }
        Terminal.say("backed up to \(Printable.text(file)) and checked")
    }
}

/// `keyturn restore FILE`: a backup in the place of the database.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Replace the database with a backup, after checking it. The service must be stopped.",
        discussion: """
            The former database is kept beside it under another name. Every link mailed until now stops working, so that none \
            that was used or revoked works again. Missing migrations are applied by the next start.
            """)

    @Argument(help: "A file that `keyturn backup` wrote.") var file: String
    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let settings = try options.settings()
        if !settings.storeFiles.exists { _ = try NamedFiles(settings) }
        do {
            let former = try settings.storeFiles.restore(from: file, at: WallClock.system.now())
            Terminal.say("restored \(Printable.text(settings.databasePath)); every link mailed until now is dead")
            if let former {
                Terminal.say("the former database is now \(Printable.text(former)): delete it when all is well")
            }
        } catch {
            throw CommandFailed(error.words(database: settings.databasePath, copy: file))
        }
    }
}

extension CopyRefused {
    /// What the operator reads.
    func words(database: String, copy: String) -> String {
        let (database, copy) = (Printable.text(database), Printable.text(copy))
        return switch self {
        case .exists: "\(copy) exists already: a backup never replaces a file"
        case .missing(let path): "there is no file \(Printable.text(path))"
        case .inUse: "the service or another command uses \(database): stop it first"
        case .damaged(let finding): "the database is damaged: \(Printable.text(finding))"
        case .schema(let why): "\(copy): \(why)"
        case .unsupported(let advice): advice
        case .failed(let failed): Printable.text(failed.words)
        }
    }
}
