/// Where accounts live in the app's database, as it is configured: nothing is parsed or looked up yet.
package struct MappingText: Sendable, Equatable {
    /// A sentence of a preset that is left out if the app has no such table or column. What is configured by hand never is.
    package struct Sentence: Sendable, Equatable, ExpressibleByStringLiteral {
        package let text: String
        package let isOptional: Bool

        package init(_ text: String, isOptional: Bool = false) {
            self.text = text
            self.isOptional = isOptional
        }

        /// In a preset: a question mark in front makes it optional.
        package init(stringLiteral text: String) {
            isOptional = text.utf8.first == UInt8(ascii: "?")
            self.text = isOptional ? String(text.utf8.dropFirst()) ?? text : text
        }
    }

    package enum Several: String, Sendable, CaseIterable {
        /// Each account of the address gets its own link.
        case each
        /// None gets one.
        case refuse
    }

    package enum NoPassword: String, Sendable, CaseIterable {
        case skip, allow, tell
    }

    package var preset: String?
    package var table = ""
    package var id = "id"
    package var email = "email"
    package var hash = ""
    package var mayReset: [Sentence] = []
    package var verified: [Sentence] = []
    /// How the hash of an account without a password begins; the empty text stands for an empty hash. NULL always counts.
    package var noPassword: [String] = [""]
    package var withoutPassword = NoPassword.skip
    package var onReset: [Sentence] = []
    package var delete: [Sentence] = []
    package var several = Several.each

    package init() {}
}

/// What is wrong with a mapping: the key, and what to do.
package struct MappingRefused: Error, Equatable {
    /// `users.hash`
    package let key: String
    package let words: String

    package init(_ key: String, _ words: String) {
        self.key = key
        self.words = words
    }
}

/// A mapping whose sentences are understood.
struct Mapping: Sendable {
    var table: String
    var id: String
    var email: String
    var hash: String
    var mayReset: [Condition]
    var verified: [Condition]
    var noPassword: [String]
    var withoutPassword: MappingText.NoPassword
    var onReset: [Assignment]
    var delete: [Deletion]
    var several: MappingText.Several

    /// - Parameter has: whether the app's database has a column of a table; nil stands for the table of accounts.
    /// - Throws: the first sentence that is none. Columns that are missing are found by the catalogue's own check.
    init(
        _ text: MappingText, has: (_ table: String?, _ column: String) -> Bool, leftOut: (String) -> Void
    ) throws(MappingRefused) {
        guard !text.table.isEmpty else {
            throw MappingRefused("users.table", "missing: name the app's table of accounts, or a users.preset")
        }
        guard !text.hash.isEmpty else {
            throw MappingRefused("users.hash", "missing: name the column of the password hash, or a users.preset")
        }
        (table, id, email, hash) = (text.table, text.id, text.email, text.hash)
        (noPassword, withoutPassword, several) = (text.noPassword, text.withoutPassword, text.several)
        (mayReset, verified, onReset, delete) = ([], [], [], [])
        for (key, sentences, isVerified) in [
            ("users.mayReset", text.mayReset, false), ("users.verified", text.verified, true),
        ] {
            for sentence in sentences {
                let condition: Condition
                do { condition = try Condition(sentence.text) } catch {
                    throw MappingRefused(key, "\"\(sentence.text)\" \(error.words)")
                }
                if sentence.isOptional, !has(nil, condition.column) {
                    leftOut("\(key): \(sentence.text) (no column \(condition.column))")
                    continue
                }
                if isVerified { verified.append(condition) } else { mayReset.append(condition) }
            }
        }
        for sentence in text.onReset {
            let assignment: Assignment
            do { assignment = try Assignment(sentence.text) } catch {
                throw MappingRefused("users.onReset", "\"\(sentence.text)\" \(error.words)")
            }
            if sentence.isOptional, !has(nil, assignment.column) {
                leftOut("users.onReset: \(sentence.text) (no column \(assignment.column))")
                continue
            }
            onReset.append(assignment)
        }
        for sentence in text.delete {
            let deletion: Deletion
            do { deletion = try Deletion(sentence.text) } catch {
                throw MappingRefused("users.delete", "\"\(sentence.text)\" \(error.words)")
            }
            if sentence.isOptional, !has(deletion.table, deletion.column) {
                leftOut("users.delete: \(sentence.text) (no column \(deletion.column) in \(deletion.table))")
                continue
            }
            delete.append(deletion)
        }
        let written = [hash] + onReset.map(\.column)
        for column in written where [id, email].contains(where: { sameName($0, column) }) {
            throw MappingRefused("users.onReset", "must not set \(column): a reset never changes id or address")
        }
        for (place, column) in written.enumerated() where written[..<place].contains(where: { sameName($0, column) }) {
            throw MappingRefused("users.onReset", "sets \(column) twice")
        }
    }

    /// Whether what stands in the hash's column is no password.
    func isWithoutPassword(_ hash: String?) -> Bool {
        guard let hash else { return true }
        return noPassword.contains { $0.isEmpty ? hash.isEmpty : hash.utf8.starts(with: $0.utf8) }
    }
}

/// SQLite's names are the same without case, in ASCII.
func sameName(_ a: String, _ b: String) -> Bool { asciiLowered(a).utf8.elementsEqual(asciiLowered(b).utf8) }

func asciiLowered(_ text: String) -> String {
    String(decoding: text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
}
