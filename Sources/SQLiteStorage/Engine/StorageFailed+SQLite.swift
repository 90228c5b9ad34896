/// SQLite's errors in the words of the subject: its code and its own message, never a value or a statement.
import GRDB
import Keyturn

extension StorageFailed {
    /// - Parameter isCommit: whether the error ended a transaction that was being written: then the disk may hold it or not.
    init(_ error: any Error, isCommit: Bool = false) {
        switch error {
        case let failed as StorageFailed:
            self = failed
        case let error as DatabaseError:
            let kind: Kind =
                if Self.bugs.contains(error.resultCode) {
                    .bug
                } else if isCommit, !Self.undone.contains(error.resultCode) {
                    .outcomeUnknown
                } else {
                    error.isFaultOfOneChange ? .refused : .unavailable
                }
            // `description` would show the statement; the message names tables and columns only.
            self.init(
                kind, code: Self.name(of: error),
                reason: error.message ?? "SQLite error \(error.extendedResultCode.rawValue)")
        default:
            self.init(error is CancellationError ? .unavailable : .bug, reason: "\(type(of: error))")
        }
    }

    /// Statements that fit no table, values that fit no column, calls in the wrong order.
    private static let bugs: [ResultCode] = [
        .SQLITE_ERROR, .SQLITE_INTERNAL, .SQLITE_MISMATCH, .SQLITE_MISUSE, .SQLITE_RANGE,
    ]

    /// Said before a commit reaches the disk: the transaction was undone.
    private static let undone: [ResultCode] = [
        .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_AUTH, .SQLITE_NOMEM, .SQLITE_FULL,
        .SQLITE_CONSTRAINT,
    ]

    /// `SQLITE_FULL`; an extended code follows as a number: `SQLITE_IOERR 1034`.
    private static func name(of error: DatabaseError) -> String {
        let (primary, extended) = (Int(error.resultCode.rawValue), Int(error.extendedResultCode.rawValue))
        let name = names.indices.contains(primary) ? "SQLITE_\(names[primary])" : "SQLITE \(primary)"
        return extended == primary ? name : "\(name) \(extended)"
    }

    /// By number (sqlite.org/rescode.html).
    private static let names = [
        "OK", "ERROR", "INTERNAL", "PERM", "ABORT", "BUSY", "LOCKED", "NOMEM", "READONLY", "INTERRUPT", "IOERR",
        "CORRUPT", "NOTFOUND", "FULL", "CANTOPEN", "PROTOCOL", "EMPTY", "SCHEMA", "TOOBIG", "CONSTRAINT", "MISMATCH",
        "MISUSE", "NOLFS", "AUTH", "FORMAT", "RANGE", "NOTADB",
    ]
}

extension Error {
    /// Whether one statement was refused for what it said, and the transaction around it is sound. Every other error (disk full, I/O,
    /// no memory, locked) says nothing about what is on disk, so no caller in the transaction may hear "done".
    var isFaultOfOneChange: Bool {
        switch self {
        case is StorageFailed: true
        case let error as DatabaseError:
            [.SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_TOOBIG].contains(error.resultCode)
        default: false
        }
    }
}
