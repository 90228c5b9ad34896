/// What keyturn's user needs in an app's SQLite file. SQLite has no rights of its own, so they are those of files; what is written beyond
/// them is decided by keyturn alone, and shown here.
package enum FileRights {
    /// Commands for a shell, and remarks.
    package static func lines(path: String, _ text: MappingText) throws(MappingRefused) -> [String] {
        let look = try SQLiteUsers.look(path, text)
        look.lane.close()
        let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) } ?? "."
        let (file, place) = (shellQuoted(path), shellQuoted(folder.isEmpty ? "/" : folder))
        let mapping = look.mapping
        let written = [mapping.hash] + mapping.onReset.map(\.column)
        return [
            "# The user keyturn must read and write the file, and make files beside it: SQLite's journal stands there.",
            "setfacl -m u:keyturn:rw \(file)",
            "setfacl -m u:keyturn:rwx -m d:u:keyturn:rw \(place)",
            "# In \(mapping.table) a reset writes: \(written.joined(separator: ", ")). Nothing else.",
        ]
            + mapping.delete.map { "# A reset deletes rows of \($0.table) whose \($0.column) is the account's." }
    }

    private static func shellQuoted(_ text: String) -> String {
        "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
