import Cryptography
import HTTP
package import HTTPClient
package import Keyturn
import PasswordHashing
import StrictJSON
import Synchronization

/// Accounts that the app keeps to itself: it answers two calls, `users.find` and `password.change`, signed by the scheme of Standard
/// Webhooks. No key material is kept here between calls.
package final class AppUsers: ForeignSource {
    /// What a new password is handed over as.
    package enum Sends: String, Sendable, CaseIterable {
        case password, hash
    }

    /// Addresses and ids in one call.
    static let batchMax = 100
    /// Link checks and look-ups of commands under way; the next is refused as busy.
    static let callsMax = 16
    /// Calls of the delivery worker, and changes of passwords, under way.
    static let otherCallsMax = 16
    /// For one call.
    package static let callLimit: Duration = .seconds(5)
    package static let answerBytesMax = 256 * 1024
    /// Attempts at one change while its answer is lost.
    static let attemptsMax = 3
    /// After so many failures in a row no call is made for ``rest``.
    static let failuresMax = 3
    static let rest: Duration = .seconds(5)
    /// Of what changes with every password and cannot be guessed.
    static let keyBytes = 16...1024

    package let takesPasswords: Bool
    private let client: HTTPClient
    private let path: String
    private let secrets: WebhookSecrets
    private let clock: WallClock
    private let ended: @Sendable () -> Void
    private let checks = Places(callsMax)
    private let others = Places(otherCallsMax)
    private let failures = Mutex<(count: Int, last: ContinuousClock.Instant)>((0, .now))

    /// - Parameter client: speaks to the app's server alone; its limits are ``callLimit`` and ``answerBytesMax``.
    /// - Parameter ended: called once when no call is made any more.
    package init(
        client: HTTPClient, path: String, secrets: WebhookSecrets, sends: Sends, clock: WallClock,
        ended: @escaping @Sendable () -> Void
    ) {
        self.client = client
        self.path = path
        self.secrets = secrets
        takesPasswords = sends == .password
        self.clock = clock
        self.ended = ended
    }

    package func close() { ended() }

    // MARK: Looking

    package func rows(of emails: [EmailAddress], for asking: Asking) async throws(StorageFailed) -> [[ForeignRow]] {
        let rows = try await find(emails.map(\.text), "emails", asking)
        var byAddress: [EmailAddress: [ForeignRow]] = [:]
        for row in rows where !(byAddress[row.email] ?? []).contains(where: { $0.id == row.id }) {
            byAddress[row.email, default: []].append(row)
        }
        return emails.map { byAddress[$0] ?? [] }
    }

    package func rows(of ids: [UserID], for asking: Asking) async throws(StorageFailed) -> [ForeignRow?] {
        let rows = try await find(ids.map(\.text), "ids", asking)
        return ids.map { id in rows.first { $0.id == id } }
    }

    package func list(after id: UserID?, limit: Int) async throws(StorageFailed) -> [ForeignRow] {
        throw ForeignAccounts.refused("the app is asked for one account at a time, so they cannot be listed")
    }

    private func find(_ texts: [String], _ member: String, _ asking: Asking) async throws(StorageFailed) -> [ForeignRow]
    {
        var rows: [ForeignRow] = []
        var rest = texts[...]
        while !rest.isEmpty {
            let batch = rest.prefix(Self.batchMax)
            rest = rest.dropFirst(Self.batchMax)
            let data = JSON.members(
                ("emails", .array(member == "emails" ? batch.map(JSON.string) : [])),
                ("ids", .array(member == "ids" ? batch.map(JSON.string) : [])))
            let answer: Answer
            let places = asking == .worker ? others : checks
            guard places.take() else {
                throw StorageFailed(.busy, reason: "\(Self.callsMax) calls to the app are under way already")
            }
            defer { places.giveBack() }
            answer = await call("users.find", data, id: "msg_" + Base64URL.encode(SecureRandom.bytes(16)))
            guard case .whole(200, let json) = answer, let users = json["users"]?.arrayValue else {
                throw StorageFailed(.unavailable, reason: "users.http.url: users.find: \(answer.words)")
            }
            for user in users {
                guard let row = Self.row(user) else {
                    throw StorageFailed(
                        .unavailable,
                        reason:
                            "users.http.url: users.find: an account without id or email, or with a key_material that is not 16 to 1024 bytes"
                    )
                }
                rows.append(row)
            }
        }
        return rows
    }

    private static func row(_ user: JSON) -> ForeignRow? {
        guard let id = user["id"]?.stringValue, (1...256).contains(id.utf8.count), !id.utf8.contains(0),
            let email = user["email"]?.stringValue,
            (try? EmailAddress(parsing: email))?.text.utf8.elementsEqual(email.utf8) ?? false
        else { return nil }
        var hash: PasswordHash?
        switch user["key_material"] {
        case nil, .null: break
        case .string(let key) where keyBytes.contains(key.utf8.count) && !key.utf8.contains(0): hash = PasswordHash(key)
        default: return nil
        }
        return ForeignRow(
            id: UserID(id), email: EmailAddress(stored: email), hash: hash,
            mayReset: !(user["disabled"]?.boolValue ?? false), isVerified: user["verified"]?.boolValue ?? false)
    }

    // MARK: Changing

    package func swap(_ swap: Swap) async -> (outcome: SwapOutcome, rejected: [RejectedByApp]) {
        var members = [
            JSON.Member("reset_id", .string("rst_" + swap.resetID)), JSON.Member("id", .string(swap.user.text)),
            JSON.Member("if_key_material", swap.hash.map { .string($0.text) } ?? .null),
        ]
        switch swap.new {
        case .hash(let hash): members.append(JSON.Member("password_hash", .string(hash.text)))
        case .password(let password):
            guard let text = String(validating: password.bytes, as: UTF8.self) else {
                return (.failed(StorageFailed(.bug, reason: "a password that is not UTF-8")), [])
            }
            members.append(JSON.Member("password", .string(text)))
        }
        guard others.take() else {
            return (.failed(StorageFailed(.busy, reason: "too many passwords are being changed")), [])
        }
        defer { others.giveBack() }
        // Once an answer was lost, the app may have made the change, whatever it says about a repetition.
        var lost: StorageFailed?
        for attempt in 1...Self.attemptsMax {
            guard ContinuousClock.now < swap.latest else { break }
            let answer = await call("password.change", .object(members), id: "rst_" + swap.resetID)
            let why = StorageFailed(.unavailable, reason: "users.http.url: password.change: \(answer.words)")
            switch answer {
            case .whole(200, let json):
                if json["changed"]?.boolValue == true { return (.changed(holds: nil), []) }
                if json["changed"]?.boolValue == false { return (lost.map(SwapOutcome.unknown) ?? .notChanged, []) }
                lost = why
            case .whole(409, _): return (lost.map(SwapOutcome.unknown) ?? .notChanged, [])
            case .whole(422, let json):
                return (lost.map(SwapOutcome.unknown) ?? .failed(why), lost == nil ? Self.rejections(json) : [])
            case .status(let status), .whole(let status, _):
                // The app answered and refused the call itself; it says so before it changes anything.
                if (400...499).contains(status), status != 408, status != 429, lost == nil { return (.failed(why), []) }
                lost = why
            case .unread: lost = why
            case .notSent: if attempt == Self.attemptsMax, lost == nil { return (.failed(why), []) }
            case .resting: return (lost.map(SwapOutcome.unknown) ?? .failed(why), [])
            }
        }
        let late = StorageFailed(.unavailable, reason: "users.http.url: password.change: no answer in time")
        return (lost.map(SwapOutcome.unknown) ?? .failed(late), [])
    }

    /// At most eight, as far as they can be shown.
    private static func rejections(_ json: JSON) -> [RejectedByApp] {
        let reasons = (json["errors"]?.arrayValue ?? []).prefix(8).compactMap { error -> RejectedByApp? in
            guard let detail = error["detail"]?.stringValue else { return nil }
            let shown = String(
                String.UnicodeScalarView(
                    detail.unicodeScalars.filter {
                        $0.properties.generalCategory != .control && $0.properties.generalCategory != .format
                    }.prefix(300)))
            let code = error["code"]?.stringValue ?? ""
            let isCode =
                (1...64).contains(code.utf8.count)
                && code.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
            return shown.isEmpty ? nil : RejectedByApp(code: isCode ? code : "rejected", detail: shown)
        }
        return reasons.isEmpty
            ? [RejectedByApp(code: "rejected", detail: "This password is not accepted. Choose another one.")] : reasons
    }

    // MARK: Calling

    private enum Answer {
        /// Read whole, and signed rightly if it is signed.
        case whole(Int, JSON)
        /// Not 200, 409 or 422: the body says nothing.
        case status(Int)
        /// The call was written, and no answer can be believed.
        case unread(String)
        /// The call was not written whole.
        case notSent(String)
        case resting

        var words: String {
            switch self {
            case .whole(let status, _), .status(let status): "the app answered \(status)"
            case .unread(let why), .notSent(let why): why
            case .resting: "no call is made for a few seconds, because the last ones failed"
            }
        }

        var isFailure: Bool {
            switch self {
            case .whole: false
            case .status(let status): status >= 500
            case .unread, .notSent: true
            case .resting: false
            }
        }
    }

    private func call(_ type: String, _ data: JSON, id: String) async -> Answer {
        let isResting = failures.withLock { $0.count >= Self.failuresMax && ContinuousClock.now - $0.last < Self.rest }
        guard !isResting else { return .resting }
        let answer = await post(type, data, id: id)
        failures.withLock { $0 = answer.isFailure ? ($0.count + 1, .now) : (0, .now) }
        return answer
    }

    private func post(_ type: String, _ data: JSON, id: String) async -> Answer {
        let body = JSON.members(("type", .string(type)), ("data", data)).write()
        let seconds = clock.now().seconds
        let fields: [(FieldName, String)] = [
            ("Content-Type", "application/json"), ("Accept", "application/json"),
            ("webhook-id", id), ("webhook-timestamp", String(seconds)),
            ("webhook-signature", secrets.signature(id: id, seconds: seconds, body: body)),
        ]
        let response: ClientResponse
        do { response = try await client.send(.post, path, fields: fields, body: body) } catch {
            let words = "\(error.stage.rawValue): \(error.reason)"
            return error.wasWritten || error.stage == .sending ? .unread(words) : .notSent(words)
        }
        let status = Int(response.status.code)
        guard [200, 409, 422].contains(status) else { return .status(status) }
        if let signature = response["webhook-signature"] {
            let told = response["webhook-timestamp"].flatMap { Int64($0) } ?? 0
            guard abs(told - seconds) <= 300, response.isWhole,
                secrets.verifies(signature, id: id, seconds: told, body: response.body)
            else { return .unread("the answer's signature is wrong") }
        }
        guard response.isWhole else { return .unread("the answer is longer than 256 KiB, or ended too soon") }
        if response.body.isEmpty, status != 200 { return .whole(status, .null) }
        guard let json = try? JSON(parsing: response.body) else {
            return status == 200 ? .unread("the answer is not JSON") : .whole(status, .null)
        }
        return .whole(status, json)
    }
}

/// A bounded number of things under way.
private final class Places: Sendable {
    private let taken = Atomic<Int>(0)
    private let max: Int

    init(_ max: Int) { self.max = max }

    func take() -> Bool {
        guard taken.add(1, ordering: .relaxed).newValue <= max else {
            taken.subtract(1, ordering: .relaxed)
            return false
        }
        return true
    }

    func giveBack() { taken.subtract(1, ordering: .relaxed) }
}
