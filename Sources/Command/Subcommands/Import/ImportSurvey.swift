import Keyturn
import PasswordHashing

/// What an import knows of a file before it writes anything: whether it makes sense as a whole, who stands in it twice, and what its
/// hashes are. Memory: 8 bytes a row for its address, 8 for its external id, 8 for a hash of unknown format.
struct ImportSurvey {
    static let rowsMax = 20_000_000
    /// Refusals that are kept until it is known that not all rows are refused for one reason.
    private static let heldMax = 1000

    private var judge: HashJudge
    private let say: (String) -> Void
    private(set) var rows = 0
    private(set) var refused = 0
    private(set) var tally = HashTally()
    private var addresses: [Int] = []
    private var externalIDs: [Int] = []
    private var opaque: [Int] = []
    /// The one reason of all rows so far, and their lines; nil if a row was good, or refused for another reason.
    private var uniform: (reason: RowRefused, lines: [Int])?
    private var isMixed = false

    /// - Parameter say: is handed a line for each row that is refused.
    init(_ judge: HashJudge, say: @escaping (String) -> Void) {
        self.judge = judge
        self.say = say
    }

    /// - Throws: ``CommandFailed`` if the file has too many rows.
    mutating func take(_ found: [ImportRow]) throws {
        for row in found {
            rows += 1
            guard rows <= Self.rowsMax else {
                throw CommandFailed("the file has more than \(Self.rowsMax) rows: nothing was imported; split it")
            }
            do throws(RowRefused) { try take(row.content.get()) } catch { refuse(row.line, error) }
        }
    }

    private mutating func take(_ values: ImportRow.Values) throws(RowRefused) {
        let facts = try values.facts()
        let text = values.passwordHash ?? ""
        let verdict = judge.judge(text)
        tally.add(verdict)
        addresses.append(facts.email.hashValue)
        if let id = facts.externalID { externalIDs.append(id.hashValue) }
        if case .opaque = verdict { opaque.append(text.hashValue) }
        sayHeld()
    }

    private mutating func refuse(_ line: Int, _ why: RowRefused) {
        refused += 1
        guard !isMixed else { return say("line \(line): \(why)") }
        if uniform == nil { uniform = (why, []) }
        guard let held = uniform, held.reason == why, held.lines.count < Self.heldMax || refused == rows else {
            sayHeld()
            return say("line \(line): \(why)")
        }
        if held.lines.count < Self.heldMax { uniform?.lines.append(line) }
    }

    /// A row differs from those before it: their refusals are told of one by one.
    private mutating func sayHeld() {
        guard !isMixed else { return }
        isMixed = true
        guard let held = uniform else { return }
        for line in held.lines { say("line \(line): \(held.reason)") }
        let more = refused - held.lines.count
        if more > 1 { say("\(more) further lines: \(held.reason)") }
        uniform = nil
    }

    /// - Throws: ``CommandFailed`` if no row makes sense, for one and the same reason.
    mutating func finish() throws {
        guard !isMixed, refused > 0, let held = uniform else { return }
        guard refused > 1 else {
            throw CommandFailed("nothing was imported: line \(held.lines[0]): \(held.reason)")
        }
        let hint = "Is it the right file? --map names columns, --from the system that it comes from"
        throw CommandFailed(
            "nothing was imported: each of the \(refused) rows was refused, the first in line \(held.lines[0]): \(held.reason). \(hint)"
        )
    }

    /// The tally as it is once shared texts are known.
    mutating func recount(_ tally: HashTally) { self.tally = tally }

    /// Addresses and ids that may stand in the file more than once, by their hash values.
    var repeated: (addresses: Set<Int>, externalIDs: Set<Int>) {
        (Self.values(in: addresses, moreOftenThan: 1), Self.values(in: externalIDs, moreOftenThan: 1))
    }

    /// Texts that more rows may share than have one hash, by their hash values.
    var shared: Set<Int> { Self.values(in: opaque, moreOftenThan: HashJudge.sharedMax) }

    private static func values(in list: [Int], moreOftenThan count: Int) -> Set<Int> {
        let sorted = list.sorted()
        var found: Set<Int> = []
        for place in sorted.indices.dropFirst(count) where sorted[place] == sorted[place - count] {
            found.insert(sorted[place])
        }
        return found
    }
}

extension ImportRow.Values {
    /// All but the hash.
    struct Facts {
        let email: EmailAddress
        let isVerified: Bool
        let isDisabled: Bool
        let externalID: ExternalID?
    }

    func facts() throws(RowRefused) -> Facts {
        guard let email, !email.isEmpty else { throw RowRefused("email is missing") }
        let address: EmailAddress
        do { address = try EmailAddress(parsing: email) } catch {
            throw RowRefused("email is not an address: \(error.words)")
        }
        guard let isVerified = verified.map(ImportTruth.read) ?? true else {
            throw RowRefused("verified must be true or false, or a time")
        }
        guard let isDisabled = disabled.map(ImportTruth.read) ?? false else {
            throw RowRefused("disabled must be true or false, or a time")
        }
        let id: ExternalID?
        do throws(ExternalID.Refused) {
            id = if let externalID, !externalID.isEmpty { try ExternalID(parsing: externalID) } else { nil }
        } catch {
            throw RowRefused("external_id cannot be kept: \(error.words)")
        }
        return Facts(email: address, isVerified: isVerified, isDisabled: isDisabled, externalID: id)
    }

    func user(_ judge: HashJudge) throws(RowRefused) -> ImportedUser {
        let facts = try facts()
        let hash: PasswordHash? =
            switch judge.judge(passwordHash ?? "") {
            case .none, .dropped: nil
            case .unusable(let hash), .known(let hash, _), .opaque(let hash, _): hash
            }
        var said: ImportedUser.Said = []
        if hash != nil { said.insert(.hash) }
        if verified != nil { said.insert(.verified) }
        if disabled != nil { said.insert(.disabled) }
        let user = NewUser(
            email: facts.email, passwordHash: hash ?? .unusable(), isVerified: facts.isVerified,
            externalID: facts.externalID)
        return ImportedUser(user, isDisabled: facts.isDisabled, said: said)
    }
}
