/// SQLite's errors in the words of the subject: its code and its own message, never a value or a statement.
import GRDB
import Keyturn

extension StorageFailed {
    init(_ error: any Error) {
        switch error {
        case let failed as StorageFailed:
            self = failed
        case let error as DatabaseError:
            // `description` would show the statement; the message names tables and columns only.
            self.init(
                code: Int(error.extendedResultCode.rawValue),
                reason: error.message ?? "SQLite error \(error.extendedResultCode.rawValue)",
                isBug: Self.bugs.contains(error.resultCode))
        default:
            self.init(code: 0, reason: "\(type(of: error))", isBug: !(error is CancellationError))
        }
    }

    /// Statements that fit no table, values that fit no column, calls in the wrong order.
    private static let bugs: [ResultCode] = [
        .SQLITE_ERROR, .SQLITE_INTERNAL, .SQLITE_MISMATCH, .SQLITE_MISUSE, .SQLITE_RANGE,
    ]
}

extension Error {
    /// Whether one statement was refused for what it said, and the transaction around it is sound. Everything else (disk full,
    /// I/O, no memory, locked) says nothing about what is on disk, so nobody in the transaction may hear "done".
    var isFaultOfOneChange: Bool {
        switch self {
        case is StorageFailed: true
        case let error as DatabaseError:
            [.SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_TOOBIG].contains(error.resultCode)
        default: false
        }
    }
}
