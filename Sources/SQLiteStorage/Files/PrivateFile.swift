/// A file for its owner alone, beside or under the database.
import Keyturn

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

enum PrivateFile {
    /// Opens a file, and creates it with mode 0600 if there is none. An existing file keeps its mode.
    ///
    /// A file that root creates is given to the owner of the directory: otherwise the service, which runs as another user, could not open
    /// its database after a command run by root.
    /// - Returns: a descriptor to close; negative, with `errno` set, if it cannot be opened.
    static func open(_ path: String, _ flags: Int32) -> Int32 {
        let created = create(path, flags)
        guard created < 0, errno == EEXIST else { return created }
        // The path is borrowed for the call, here and below.
        return unsafe openFile(path, flags | O_CREAT | O_CLOEXEC, 0o600)
    }

    /// As ``open(_:_:)``, but fails with `ENOENT` if there is nothing.
    static func openExisting(_ path: String, _ flags: Int32) -> Int32 { unsafe openFile(path, flags | O_CLOEXEC, 0) }

    /// Whether anything is there, or could be for all that this user may see.
    static func exists(_ path: String) -> Bool {
        // The path is borrowed for the call.
        unsafe access(path, F_OK) == 0 || errno != ENOENT && errno != ENOTDIR
    }

    /// As ``open(_:_:)``, but fails with `EEXIST` where there is something.
    static func create(_ path: String, _ flags: Int32) -> Int32 {
        let descriptor = unsafe openFile(path, flags | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0, geteuid() == 0 { give(descriptor, toOwnerOf: directory(of: path)) }
        return descriptor
    }

    static func directory(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Where it fails, the file stays the superuser's, as it would without.
    private static func give(_ descriptor: Int32, toOwnerOf directory: String) {
        var owner = stat()
        guard unsafe stat(directory, &owner) == 0 else { return }
        _ = fchown(descriptor, owner.st_uid, owner.st_gid)
    }
}

/// The system's call, whose name is taken inside the type.
private func openFile(_ path: UnsafePointer<CChar>, _ flags: Int32, _ mode: mode_t) -> Int32 {
    unsafe open(path, flags, mode)
}
