/// What the opening of a store may make.
package enum StoreOpening: Sendable {
    /// Nothing: the store must be there, and at the last migration.
    case existing
    /// A new store with all its tables. An older one is refused, because an older service may be using it.
    case creating
    /// A new store, and what an older one lacks.
    case migrating
}

/// Why a store could not be opened. For the operator, at start.
package enum OpenFailed: Error, Equatable {
    /// No store is there, and this opening creates none.
    case missing(path: String)
    case cannotOpen(path: String, reason: String)
    /// An applied migration is changed or missing, or the store is newer than this binary.
    case migrations(String)
}

/// Why no copy of a store was made or put back. For the operator; nothing was changed.
package enum CopyRefused: Error, Equatable {
    /// The file that would be written exists.
    case exists
    /// There is no file to read from.
    case missing(String)
    /// A service, or another command, has the store open.
    case inUse
    /// The store's engine finds the file damaged, in its own words.
    case damaged(String)
    /// The file is no store of this binary's: another shape, or a newer one.
    case schema(String)
    case failed(StorageFailed)
    /// The engine has tools of its own for this; the advice names them.
    case unsupported(advice: String)
}
