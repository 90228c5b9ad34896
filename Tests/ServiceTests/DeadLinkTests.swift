import Foundation
import TestKit
import Testing

/// A link that was used, revoked, or of an account that was disabled stays dead, whatever an operator does afterwards.
@Suite struct `A dead link` {
    private func link(_ keyturn: RunningKeyturn, _ email: String) async throws -> String {
        let printed = try await keyturn.command("user", "reset-link", email).output
        return String(
            printed.trimmingCharacters(in: .whitespacesAndNewlines).dropFirst("https://accounts.example.com".count))
    }

    private func status(_ keyturn: RunningKeyturn, _ path: String) async throws -> Int {
        Int(try await keyturn.visitor.get(path, ["Accept: application/json"]).status)
    }

    @Test func `stays dead after a restore, and so does every other from before it`() async throws {
        let keyturn = try await RunningKeyturn.serve()
        for email in ["ann@example.com", "bob@example.com", "cid@example.com"] {
            _ = try await keyturn.command("user", "add", email)
        }
        let copy = keyturn.directory.appending(path: "copy").path
        #expect(try await keyturn.command("backup", copy).status == 0)
        let (used, revoked) = (try await link(keyturn, "ann@example.com"), try await link(keyturn, "bob@example.com"))
        let open = try await link(keyturn, "cid@example.com")
        let token = try #require(used.components(separatedBy: "token=").last)
        let reset = #"{"token": "\#(token)", "password": "a password nobody guesses"}"#
        #expect(try await keyturn.visitor.post("/reset-password", json: reset).status == 200)
        #expect(try await keyturn.command("user", "revoke-links", "bob@example.com").status == 0)
        #expect(await keyturn.stop() == 0)

        #expect(try await keyturn.command("restore", copy).status == 0)
        let again = try await RunningKeyturn.serve(in: keyturn.directory)
        for path in [used, revoked, open] { #expect(try await status(again, path) == 400) }
        let new = try await link(again, "ann@example.com")
        #expect(try await status(again, new) == 200)

        // As after a restore by other means.
        #expect(try await again.command("user", "revoke-links", "--all").status == 0)
        #expect(try await status(again, new) == 400)
        #expect(try await status(again, try await link(again, "ann@example.com")) == 200)
        #expect(try await again.command("user", "revoke-links").status == 64)
        #expect(try await again.command("user", "revoke-links", "ann@example.com", "--all").status == 64)
        #expect(await again.stop() == 0)
    }

    @Test func `stays dead after its account was disabled and enabled, and none is handed over meanwhile`() async throws
    {
        let keyturn = try await RunningKeyturn.serve()
        _ = try await keyturn.command("user", "add", "ann@example.com")
        let old = try await link(keyturn, "ann@example.com")
        #expect(try await keyturn.command("user", "disable", "ann@example.com").status == 0)
        #expect(try await status(keyturn, old) == 400)
        let refused = try await keyturn.command("user", "reset-link", "ann@example.com")
        #expect(refused.status == 1)
        #expect(refused.output.isEmpty)
        #expect(refused.errors.contains("disabled"), "\(refused.errors)")
        #expect(try await keyturn.command("user", "enable", "ann@example.com").status == 0)
        #expect(try await status(keyturn, old) == 400)
        #expect(try await status(keyturn, try await link(keyturn, "ann@example.com")) == 200)
        #expect(await keyturn.stop() == 0)
    }
}
