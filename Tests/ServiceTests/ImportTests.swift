/// The built binary: accounts of other systems, as their exports write them. The files are those of `Tests/cases/`.
import Foundation
import StrictJSON
import TestKit
import Testing

@Suite struct `Importing the accounts of another system` {
    static let hash = "$2b$10$tuR/Ex3Jsf00ftA7l/uq3ucNrMcLZhnFhVYdEKB7635rQC57DOMDi"
    static let password = "seven green bottles"
    static let second = "$2b$10$lj1ZCORpku5mj3QgM/8kYu3iv8kcDY5jxKgxFu3X32DhYZVR8M2C."

    /// A file of `Tests/cases`.
    static func file(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "cases/\(name)").path
    }

    /// A store of its own, without a service.
    struct Place {
        let environment: [String: String]
        let directory: URL

        init() throws {
            directory = try RunningKeyturn.temporaryDirectory()
            environment = RunningKeyturn.environment(in: directory)
        }

        func run(_ arguments: String..., input: String? = nil) async throws -> (
            status: Int32, output: String, errors: String
        ) {
            try await RunningKeyturn.run(arguments, environment: environment, input: input)
        }

        /// `address verified|unverified password|none external-id`, sorted.
        func accounts() async throws -> [String] {
            try await run("user", "export", "-").output.split(separator: "\n").map { line in
                let user = try JSON(parsing: Array(line.utf8))
                let hash = user["password_hash"]?.stringValue ?? ""
                return [
                    user["email"]?.stringValue ?? "?", user["verified"] == .bool(true) ? "verified" : "unverified",
                    hash.hasPrefix("!") ? "none" : "password", user["external_id"]?.stringValue ?? "-",
                    user["disabled"] == .bool(true) ? "disabled" : "",
                ].joined(separator: " ").trimmingCharacters(in: .whitespaces)
            }.sorted()
        }

        var hasStore: Bool { FileManager.default.fileExists(atPath: environment["KEYTURN_DATABASE_PATH"] ?? "") }
    }

    @Test(
        arguments: [
            // G19, and what other databases write.
            (["bool-postgres.csv"], ["t1@example.com verified password -", "t2@example.com unverified password -"]),
            // G20
            (["bool-spreadsheet.csv"], ["x1@example.com verified password -", "x2@example.com unverified password -"]),
            // G21
            (["header-case.csv"], ["u1@example.com verified password -", "u2@example.com unverified password -"]),
            // G23
            (["semicolon.csv"], ["s1@example.com verified password -"]),
            // G24
            (["utf16.csv"], ["v1@example.com verified password -"]),
            // G25, with and without the option
            (
                ["auth0-import.json", "--from", "auth0"],
                ["a1@example.com verified password a-0001", "a2@example.com unverified none a-0002"]
            ),
            (
                ["auth0-import.json"],
                ["a1@example.com verified password a-0001", "a2@example.com unverified none a-0002"]
            ),
            // G26
            (
                ["firebase.json", "--from", "firebase"],
                ["f1@example.com verified password fbuid0001", "f2@example.com unverified none fbuid0002"]
            ),
            (
                ["firebase.json"],
                ["f1@example.com verified password fbuid0001", "f2@example.com unverified none fbuid0002"]
            ),
            // G27
            (
                ["clerk.csv", "--map", "email=primary_email_address,password_hash=password_digest"],
                ["c1@example.com verified password -"]
            ),
            (["clerk.csv"], ["c1@example.com verified password user_01"]),
            // G28
            (
                ["laravel.csv", "--map", "email=email,password_hash=password,verified=email_verified_at"],
                ["l1@example.com verified password -", "l2@example.com unverified password -"]
            ),
            (
                ["laravel.csv", "--from", "laravel"],
                ["l1@example.com verified password 17", "l2@example.com unverified password 18"]
            ),
            // G29
            (["verified-empty.csv"], ["e1@example.com verified password -", "e2@example.com unverified password -"]),
            // G30
            (["nulls.csv"], ["n1@example.com verified none -", "n2@example.com verified none -"]),
            // G31
            (
                ["ids.csv"],
                [
                    "z1@example.com verified password 8c6f0a0e-0000-4000-8000-000000000001",
                    "z2@example.com verified password 4711",
                ]
            ),
            // G34, G35, G37, G38
            (
                ["addresses.csv"],
                [
                    "admin@intranet verified none -", "ann3@example.com verified none -",
                    "hans@müller.example verified none -",
                    "mobile..0511@example.com verified none -",
                ]
            ),
        ] as [([String], [String])])
    func `takes what their exports say`(arguments: [String], expected: [String]) async throws {
        let place = try Place()
        let imported = try await RunningKeyturn.run(
            ["user", "import", Self.file(arguments[0])] + arguments.dropFirst(), environment: place.environment)
        #expect(imported.status == 0, "\(imported.errors)")
        #expect(imported.output == "added \(expected.count), unchanged 0, refused 0\n")
        #expect(try await place.accounts() == expected)
        // No value of a hash is ever printed.
        #expect(!imported.errors.contains("$2") && !imported.errors.contains("SILye"))
    }

    @Test func `says once which columns were left out`() async throws {
        let place = try Place()
        let said = try await place.run(
            "user", "import", Self.file("clerk.csv"), "--map",
            "email=primary_email_address,password_hash=password_digest"
        ).errors
        #expect(said.contains("left out: \"id\", \"first_name\""), "\(said)")
        #expect(said.components(separatedBy: "left out").count == 2)
    }

    /// G22: with the name that it does not know, once, and without a store.
    @Test(arguments: [
        ("header-typo.csv", "unknown column \"pasword_hash\"")
    ])
    func `refuses a header with an unknown name, by that name`(file: String, words: String) async throws {
        let place = try Place()
        let refused = try await place.run("user", "import", Self.file(file))
        #expect(refused.status == 1)
        #expect(refused.errors.contains(words), "\(refused.errors)")
        #expect(refused.errors.split(separator: "\n").count == 1)
        #expect(!place.hasStore)
    }

    @Test(arguments: [
        // JSON Lines of another system, 100 lines of them.
        (String(repeating: "{\"mail\":\"a@example.com\",\"pw\":\"x\"}\n", count: 100), "unknown member \"mail\""),
        // A pretty-printed object that is none of ours.
        ("{\n \"rows\": [\n  {\"a\": 1},\n  {\"a\": 2}\n ]\n}\n", "unknown member \"rows\""),
        ("[{\"email\":\"a@example.com\"},", "breaks off"),
        ("ann@example.com,$2b$10$x\nbob@example.com,$2b$10$y\n", "this is no header"),
        ("PK\u{3}\u{4}xxxxxxxx", "Excel"), ("name,hash\na,b\n", "unknown column \"name\""),
        ("email;pasword\na@example.com;x\n", "unknown column \"pasword\""),
    ])
    func `says in one message what is wrong with a whole file`(text: String, words: String) async throws {
        let place = try Place()
        let refused = try await place.run("user", "import", "-", input: text)
        #expect(refused.status == 1)
        #expect(refused.errors.contains(words), "\(refused.errors)")
        #expect(refused.errors.split(separator: "\n").count == 1, "\(refused.errors)")
        #expect(!place.hasStore)
    }

    /// G19, G20, G28 in other clothes.
    @Test(
        arguments: [
            ("t", true), ("f", false), ("TRUE", true), ("FALSE", false), ("True", true), ("1.0", true), ("0.0", false),
            ("yes", true), ("N", false), (" true ", true), ("1709287200", true), ("1709287200123", true),
            ("1709287200.5", true),
            ("2024-03-01 10:00:00", true), ("2024-03-01T10:00:00Z", true), ("2024-03-01 10:00:00.123456+00", true),
            ("2024-03-01", true), ("01.03.2024 10:00", true), ("0000-00-00 00:00:00", false), ("", false),
            ("NULL", false),
            ("\\N", false), ("NaN", false),
            ("maybe", nil), ("2", nil), ("-1", nil), ("0.5", nil), ("2024-13-45", nil), ("12", nil),
            ("true false", nil),
        ] as [(String, Bool?)])
    func `reads yes, no and times of verification`(cell: String, expected: Bool?) async throws {
        let place = try Place()
        let imported = try await place.run("user", "import", "-", input: "email,verified\nb@example.com,\(cell)\n")
        guard let expected else {
            #expect(imported.status == 1)
            #expect(imported.errors.contains("line 2: verified must be true or false"), "\(imported.errors)")
            return
        }
        #expect(
            try await place.accounts() == ["b@example.com \(expected ? "verified" : "unverified") none -"],
            "\(imported.errors)")
    }

    /// G24: either order, with and without the mark; G23: tabs too.
    @Test(arguments: [true, false], [true, false])
    func `reads UTF-16`(isLittleEndian: Bool, hasMark: Bool) async throws {
        let place = try Place()
        let text = "email\tverified\r\njörg@example.com\tTRUE\r\n💌@example.com\t\r\n"
        var bytes: [UInt8] = hasMark ? (isLittleEndian ? [0xFF, 0xFE] : [0xFE, 0xFF]) : []
        for unit in text.utf16 {
            let (low, high) = (UInt8(unit & 0xFF), UInt8(unit >> 8))
            bytes += isLittleEndian ? [low, high] : [high, low]
        }
        let file = place.directory.appending(path: "users.txt")
        try Data(bytes).write(to: file)
        let imported = try await place.run("user", "import", file.path)
        #expect(imported.output == "added 1, unchanged 0, refused 1\n", "\(imported.errors)")
        #expect(try await place.accounts() == ["jörg@example.com verified none -"])
    }

    @Test(
        arguments: [
            // Keycloak, a realm with users and one of its credentials in the form of versions before 12.
            (
                """
                {"id":"r","realm":"shop","roles":{"users":["x"]},"users":[
                 {"id":"k-1","username":"k1","email":"k1@example.com","emailVerified":true,"enabled":true,"credentials":[
                  {"type":"otp","secretData":"{}"},
                  {"type":"password","secretData":"{\\"value\\":\\"O/71bYgFdRgaY1AF16i5ZgO/71bYgFdRgaY1AF16i5Z=\\",\\"salt\\":\\"iw2Oe/vd593p/7v2zyn6nQ==\\"}","credentialData":"{\\"hashIterations\\":27500,\\"algorithm\\":\\"pbkdf2-sha256\\"}"}]},
                 {"id":"k-2","username":"k2","email":"k2@example.com","emailVerified":false,"enabled":false},
                 {"id":"k-3","username":"robot","enabled":true}
                ],"clients":[{"users":[{"email":"no@example.com"}]}]}
                """, ["k1@example.com verified password k-1", "k2@example.com unverified none k-2 disabled"]
            ),
            // Firebase on one line.
            (
                #"{"users":[{"localId":"u1","email":"F1@example.com","emailVerified":true,"passwordHash":"SILyeqwvfMA-0RGSxeCzgA==","salt":"A5TP_C17TLAEwQ=="},{"localId":"anonymous"}]}"#,
                ["F1@example.com verified password u1"]
            ),
            // Auth0's export of hashes, a line each.
            (
                #"{"_id":{"$oid":"60425dc43519d90068f82973"},"email":"o1@example.com","email_verified":false,"passwordHash":"\#(hash)","tenant":"t"}"#,
                ["o1@example.com unverified password 60425dc43519d90068f82973"]
            ),
            // Supabase and WordPress, by their columns.
            (
                "id,instance_id,email,encrypted_password,email_confirmed_at,banned_until\ns-1,0,s1@example.com,\(hash),2024-01-01 00:00:00+00,\ns-2,0,s2@example.com,,,2100-01-01 00:00:00+00\n",
                ["s1@example.com verified password s-1", "s2@example.com unverified none s-2 disabled"]
            ),
            (
                "ID,user_login,user_pass,user_email,user_registered\n7,w,\(hash),w@example.com,2020-01-01 00:00:00\n",
                ["w@example.com verified password 7"]
            ),
        ] as [(String, [String])])
    func `recognises what it is certain of`(text: String, expected: [String]) async throws {
        let place = try Place()
        let imported = try await place.run("user", "import", "-", input: text)
        #expect(imported.status == 0, "\(imported.errors)")
        #expect(imported.errors.contains("read as an export of "), "\(imported.errors)")
        #expect(try await place.accounts() == expected)
    }

    @Test func `finds its way into JSON by --map`() async throws {
        let place = try Place()
        let text =
            #"{"_id":"m1","emails":[{"address":"m@example.com","verified":true}],"services":{"password":{"bcrypt":"\#(Self.hash)"}}}"#
        let imported = try await place.run(
            "user", "import", "-", "--map",
            "email=emails.0.address,verified=emails.0.verified,password_hash=services.password.bcrypt,external_id=_id",
            input: text)
        #expect(imported.status == 0, "\(imported.errors)")
        #expect(try await place.accounts() == ["m@example.com verified password m1"])
        for wrong in ["email", "mail=x", "email=", "email=a,email=b"] {
            #expect(try await place.run("user", "import", "-", "--map", wrong, input: text).status == 64)
        }
        let missing = try await place.run("user", "import", "-", "--map", "email=mail", input: "email\na@example.com\n")
        #expect(missing.errors.contains("the header has no column \"mail\""), "\(missing.errors)")
    }

    /// G32, and two spellings of one address.
    @Test func `names both lines of an address or an id that stands in the file twice`() async throws {
        let place = try Place()
        let imported = try await place.run("user", "import", Self.file("shared-mail.csv"))
        #expect(imported.status == 1)
        #expect(imported.output == "added 2, unchanged 0, refused 1\n")
        #expect(imported.errors.contains("line 4: the file has this address already, in line 2"), "\(imported.errors)")
        let text = """
            email,external_id
            hans@müller.example,1
            HANS@xn--mller-kva.example,2
            other@example.com,1
            third@example.com,3
            third@example.com,3
            """
        for arguments in [["--dry-run"], []] {
            let twins = try await RunningKeyturn.run(
                ["user", "import", "-"] + arguments, environment: place.environment, input: text)
            #expect(twins.errors.contains("line 3: the file has this address already, in line 2"), "\(twins.errors)")
            #expect(
                twins.errors.contains("line 4: the file has this external_id already, in line 2"), "\(twins.errors)")
            #expect(twins.errors.contains("line 6: the same account as in line 5"), "\(twins.errors)")
            #expect(twins.output.hasSuffix("added 2, unchanged 1, refused 2\n"), "\(twins.output)")
        }
    }

    @Test func `names the id that another account has`() async throws {
        let place = try Place()
        _ = try await place.run("user", "add", "ann@example.com", "--external-id", "7")
        let imported = try await place.run("user", "import", "-", input: "email,external_id\nbob@example.com,7\n")
        #expect(imported.errors.contains("line 2: another account has this external_id"), "\(imported.errors)")
        let added = try await place.run("user", "add", "carl@example.com", "--external-id", "7")
        #expect(added.status == 1 && added.errors.contains("another account has this id"))
    }

    // MARK: Hashes

    @Test func `tallies formats and what they mean, and a dry run writes nothing`() async throws {
        let place = try Place()
        let text = """
            email,password_hash
            a@example.com,\(Self.hash)
            b@example.com,$inhouse-2014$7$VJXRhovvuUvBEwJSuBVKpbYeZjCpQrWH10dkcxaP
            c@example.com,
            """
        let tried = try await place.run("user", "import", "--dry-run", "-", input: text)
        #expect(!place.hasStore)
        #expect(tried.output == "dry run, nothing was written: would have added 3, unchanged 0, refused 0\n")
        #expect(tried.errors.contains("2 accounts cannot sign in here before a reset"), "\(tried.errors)")
        #expect(tried.errors.contains("1 bcrypt"), "\(tried.errors)")
        #expect(!tried.errors.contains("VJXR"))
        #expect(try await place.run("user", "import", "-", input: text).status == 0)
        #expect(try await place.accounts().map { $0.split(separator: " ")[2] } == ["password", "password", "none"])
    }

    @Test func `keeps a hash of unknown format from 20 to 1024 bytes, if it has 8 different characters`() async throws {
        let place = try Place()
        let known = (0..<2000).map { "k\($0)@example.com,\(Self.hash)\n" }.joined()
        let alphabet = "abcdefgh01234567ABCDEFGH+/"
        let long = String(repeating: alphabet, count: 40)
        let seven = String(repeating: "abc0123", count: 5), eight = String(repeating: "abc01234", count: 5)
        let rows: [(name: String, hash: String, expected: String)] = [
            ("20", String(alphabet.prefix(20)), "password"), ("19", String(alphabet.prefix(19)), "none"),
            ("1024", String(long.prefix(1024)), "password"), ("1025", String(long.prefix(1025)), "none"),
            ("seven", seven, "none"), ("eight", eight, "password"), ("phrase", "correct horse battery staple", "none"),
        ]
        let lines: [String] = rows.map { row in "r\(row.name)@example.com,\(row.hash)\n" }
        let shared = (0..<11).map { "s\($0)@example.com,0123456789abcdef0123456789abcdef\n" }.joined()
        let ten = (0..<10).map { "t\($0)@example.com,0123456789abcdef0123456789abcdee\n" }.joined()
        let text: String = ["email,password_hash\n", known, lines.joined(), shared, ten].joined()
        let imported = try await place.run("user", "import", "-", input: text)
        #expect(imported.status == 0, "\(imported.errors)")
        #expect(imported.errors.contains("11 shared by more than 10 rows"), "\(imported.errors)")
        let accounts = try await place.accounts()
        for (name, _, expected) in rows {
            #expect(accounts.contains("r\(name)@example.com verified \(expected) -"), "\(name)")
        }
        #expect(accounts.count { $0.hasPrefix("s") && $0.contains(" none ") } == 11)
        #expect(accounts.count { $0.hasPrefix("t") && $0.contains(" password ") } == 10)
    }

    @Test(arguments: [("hunter2", "none"), ("a passphrase of some length", "password")])
    func `refuses a file of plain text whole, unless it is told to take it`(text: String, hash: String) async throws {
        let place = try Place()
        let file = "email,password_hash\nann@example.com,\(text)\n"
        let refused = try await place.run("user", "import", "-", input: file)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("nothing was imported: 1 of 1 rows have plain text"), "\(refused.errors)")
        #expect(!refused.errors.contains(text))
        #expect(!place.hasStore)
        let taken = try await place.run("user", "import", "--accept-opaque", "-", input: file)
        #expect(taken.status == 0, "\(taken.errors)")
        #expect(try await place.accounts() == ["ann@example.com verified \(hash) -"])
    }

    @Test func `keeps the mark of what was hashed before, also through an export`() async throws {
        let place = try Place()
        let imported = try await place.run("user", "import", "--prehash", "sha256-hex", Self.file("meteor.jsonl"))
        #expect(imported.status == 0, "\(imported.errors)")
        let exported = try await place.run("user", "export", "-").output
        #expect(exported.contains(#""password_hash":"{sha256-hex}$2b$10$BLDc"#), "\(exported)")
        #expect(
            try await place.run("user", "import", "-", input: exported).output == "added 0, unchanged 1, refused 0\n")
        #expect(try await place.run("user", "import", "--prehash", "rot13", Self.file("meteor.jsonl")).status == 64)
    }

    @Test(arguments: ["jsonl", "csv"])
    func `takes what an export writes, unchanged`(format: String) async throws {
        let (here, there) = (try Place(), try Place())
        let rows = """
            {"email":"ann@example.com","password_hash":"\(Self.hash)","external_id":"a,\\"b\\""}
            {"email":"hans@müller.example","password_hash":"nobody's own: 0123456789","external_id":"ü"}
            {"email":"mobile..0511@example.com","verified":false}
            {"email":"carl@example.com","disabled":true}
            """
        #expect(
            try await here.run("user", "import", "--accept-opaque", "-", input: rows).output
                == "added 4, unchanged 0, refused 0\n")
        let exported = try await here.run("user", "export", "-", "--format", format).output
        let imported = try await there.run("user", "import", "--accept-opaque", "-", input: exported)
        #expect(imported.output == "added 4, unchanged 0, refused 0\n", "\(imported.errors)")
        #expect(try await there.run("user", "export", "-", "--format", format).output == exported)
    }

    // MARK: With the service

    func login(_ keyturn: RunningKeyturn, _ email: String, _ password: String) async throws -> Visitor.Answer {
        try await keyturn.visitor.post("/login", json: #"{"email": "\#(email)", "password": "\#(password)"}"#)
    }

    /// G26 and G27, G31: the imported hash logs in, and the id is shown.
    @Test func `lets people sign in, and shows the app its own ids`() async throws {
        let keyturn = try await RunningKeyturn.serve()
        #expect(try await keyturn.command("user", "import", Self.file("ids.csv")).status == 0)
        let session = try await login(keyturn, "z2@example.com", Self.password)
        #expect(session.status == 200)
        let token = try #require(try JSON(parsing: session.body)["access_token"]?.stringValue)
        let me = try await keyturn.visitor.get("/me", ["Authorization: Bearer \(token)"])
        #expect(try JSON(parsing: me.body)["external_id"] == .string("4711"))
        let shown = try await keyturn.command("user", "show", "z2@example.com", "--json").output
        #expect(try JSON(parsing: Array(shown.utf8))["external_id"] == .string("4711"))
        #expect(try await keyturn.command("user", "list").output.contains("4711"))
        #expect(await keyturn.stop() == 0)
    }

    /// G33
    @Test func `brings new passwords of the app by --update, and keeps those that were reset here`() async throws {
        let keyturn = try await RunningKeyturn.serve()
        let more = "\nr2@example.com,\(Self.hash)\nr3@example.com,\(Self.hash)\n"
        let first = try String(contentsOfFile: Self.file("sync-1.csv"), encoding: .utf8) + more
        let next =
            try String(contentsOfFile: Self.file("sync-2.csv"), encoding: .utf8)
            + "r2@example.com,\(Self.second)\nr3@example.com,\(Self.hash)\nr4@example.com,\(Self.hash)\n"
        #expect(
            try await keyturn.command("user", "import", "-", input: first).output == "added 3, unchanged 0, refused 0\n"
        )
        let token = try await keyturn.requestLink(for: "r2@example.com")
        let new = "chosen here, and nowhere else"
        #expect(
            try await keyturn.visitor.post("/reset-password", json: #"{"token": "\#(token)", "password": "\#(new)"}"#)
                .status == 200)
        let refused = try await keyturn.command("user", "import", "-", input: next)
        #expect(refused.status == 1)
        #expect(refused.output == "added 1, unchanged 1, refused 2\n", "\(refused.errors)")
        let tried = try await keyturn.command("user", "import", "--update", "--dry-run", "-", input: next)
        #expect(
            tried.output.hasSuffix("added 0, updated 1, unchanged 3, refused 0\n"), "\(tried.output) \(tried.errors)")
        #expect(try await login(keyturn, "r1@example.com", Self.password).status == 200)
        let updated = try await keyturn.command("user", "import", "--update", "-", input: next)
        #expect(updated.status == 0, "\(updated.errors)")
        #expect(updated.output == "added 0, updated 1, unchanged 3, refused 0\n")
        #expect(updated.errors.contains("1 account keeps the password that was set here since"), "\(updated.errors)")
        #expect(try await login(keyturn, "r1@example.com", "another fine phrase").status == 200)
        #expect(try await login(keyturn, "r1@example.com", Self.password).status == 401)
        #expect(try await login(keyturn, "r2@example.com", new).status == 200)
        // The job of the next night finds nothing to do.
        let again = try await keyturn.command("user", "import", "--update", "-", input: next)
        #expect(again.output == "added 0, updated 0, unchanged 4, refused 0\n", "\(again.errors)")
        // What the file does not say stays; what it says is done.
        let state = "email,verified,disabled,external_id\nr3@example.com,false,true,33\n"
        #expect(
            try await keyturn.command("user", "import", "--update", "-", input: state).output
                == "added 0, updated 1, unchanged 0, refused 0\n")
        let shown = try await keyturn.command("user", "show", "r3@example.com", "--json").output
        let user = try JSON(parsing: Array(shown.utf8))
        #expect(user["email_verified"] == .bool(false) && user["disabled"] == .bool(true))
        #expect(user["external_id"] == .string("33"))
        #expect(await keyturn.stop() == 0)
    }

    // MARK: Addresses

    /// G34, G37, G38: what was imported is found by the form, and mailed.
    @Test(arguments: [
        ("mobile..0511@example.com", "mobile..0511@example.com", #""mobile..0511"@example.com"#),
        ("MOBILE..0511@example.com", "mobile..0511@example.com", #""mobile..0511"@example.com"#),
        (".taro@docomo.example", ".taro@docomo.example", #"".taro"@docomo.example"#),
        ("hanako.@docomo.example", "hanako.@docomo.example", #""hanako."@docomo.example"#),
        ("admin@intranet", "admin@intranet", "admin@intranet"),
        ("\u{A0}ann3@example.com\u{A0}", "ann3@example.com", "ann3@example.com"),
        ("用户@example.com", "用户@example.com", "用户@example.com"),
        ("hans@xn--mller-kva.example", "hans@müller.example", "hans@xn--mller-kva.example"),
        ("hans@MÜLLER.example", "hans@müller.example", "hans@xn--mller-kva.example"),
        ("eva@bücher.example", "eva@xn--bcher-kva.example", "eva@xn--bcher-kva.example"),
    ])
    func `mails an address as it is stored, in a form that mail servers take`(
        typed: String, stored: String, mailed: String
    )
        async throws
    {
        let sendGrid = try await FakeSendGrid.start()
        let keyturn = try await RunningKeyturn.serve([
            "KEYTURN_MAIL_PROVIDER": "sendgrid", "SENDGRID_API_KEY": "SG.test",
            "KEYTURN_MAIL_SENDGRID_BASE_URL": sendGrid.baseURL, "KEYTURN_MAIL_SENDGRID_CA_FILE": sendGrid.caFile,
        ])
        let more = "\n.taro@docomo.example\nhanako.@docomo.example\n用户@example.com\neva@xn--bcher-kva.example\n"
        let file = try String(contentsOfFile: Self.file("addresses.csv"), encoding: .utf8) + more
        let imported = try await keyturn.command("user", "import", "-", input: file)
        #expect(imported.output == "added 8, unchanged 0, refused 0\n", "\(imported.errors)")
        let asked = try await keyturn.visitor.post("/forgot-password", form: [("email", typed)])
        #expect(asked.status == 303)
        let mail = try #require(try await sendGrid.mails(count: 1, within: .seconds(20)).first)
        #expect(mail.to == mailed)
        let shown = try await keyturn.command("user", "show", typed, "--json").output
        #expect(try JSON(parsing: Array(shown.utf8))["email"] == .string(stored))
        #expect(await keyturn.stop() == 0)
    }

    /// G35
    @Test(arguments: [
        ("hans@müller.example", "hans@xn--mller-kva.example"), ("hans@xn--mller-kva.example", "Hans@MÜLLER.example"),
    ])
    func `is one account in either spelling of its domain`(stored: String, other: String) async throws {
        let keyturn = try await RunningKeyturn.serve()
        let password = "quiet river, late train"
        #expect(
            try await keyturn.command("user", "add", stored, "--password-stdin", input: password + "\n").status == 0)
        for spelling in [stored, other] { #expect(try await login(keyturn, spelling, password).status == 200) }
        #expect(try await keyturn.command("user", "show", other).output.contains(stored))
        let twin = try await keyturn.command("user", "add", other)
        #expect(twin.status == 1 && twin.errors.contains("already exists"), "\(twin.errors)")
        let row = "email,password_hash\n\(other),\(Self.second)\n"
        #expect(
            try await keyturn.command("user", "import", "-", input: row).output == "added 0, unchanged 0, refused 1\n")
        // The look-alike is another address.
        #expect(try await login(keyturn, "hans@muller.example", password).status == 401)
        // Both spellings in the queue at once are one account's, and a reset ends the requests of both.
        for spelling in [stored, other] {
            #expect(
                try await keyturn.visitor.post("/forgot-password", json: #"{"email": "\#(spelling)"}"#).status == 202)
        }
        let mails = try await keyturn.mails(1)
        #expect(mails.allSatisfy { $0.to == stored })
        let token = try #require(mails.first?.token)
        #expect(
            try await keyturn.visitor.post(
                "/reset-password", json: #"{"token": "\#(token)", "password": "chosen here, and nowhere else"}"#
            )
            .status == 200)
        #expect(try await login(keyturn, other, "chosen here, and nowhere else").status == 200)
        #expect(await keyturn.stop() == 0)
    }

    /// G36: no validation of the browser's is in the way.
    @Test(arguments: ["/forgot-password", "/login"])
    func `can be typed on the page with letters of any script`(path: String) async throws {
        let keyturn = try await RunningKeyturn.serve()
        let page = try await keyturn.visitor.get(path).text
        let form = try #require(page.firstRange(of: "<form"))
        #expect(page[form.lowerBound...].prefix { $0 != ">" }.contains("novalidate"))
        #expect(await keyturn.stop() == 0)
    }
}
