import Foundation
import StrictJSON

/// A mail as the capture carrier wrote it.
package struct CapturedMail: Sendable {
    package let to: String
    package let subject: String
    package let text: String
    package let html: String

    /// What stands behind `token=` on the line of the reset link; nil where the mail has none.
    package var token: String? {
        guard let line = text.components(separatedBy: "\n").first(where: { $0.contains("/reset-password?token=") })
        else { return nil }
        return line.components(separatedBy: "token=").last?.trimmingCharacters(in: .whitespaces)
    }
}

extension RunningKeyturn {
    package struct MailsMissing: Error { package let found: Int }

    /// All mails captured so far, oldest first.
    package var mails: [CapturedMail] {
        let folder = directory.appending(path: "mails")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted().compactMap { name in
            guard let data = try? Data(contentsOf: folder.appending(path: name)),
                let mail = try? JSON(parsing: Array(data))
            else { return nil }
            return CapturedMail(
                to: mail["to"]?["email"]?.stringValue ?? "", subject: mail["subject"]?.stringValue ?? "",
                text: mail["text"]?.stringValue ?? "", html: mail["html"]?.stringValue ?? "")
        }
    }

    /// Waits until there are so many, at most the given time.
    package func mails(_ count: Int, within limit: Duration = .seconds(20)) async throws -> [CapturedMail] {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            let all = mails
            if all.count >= count { return all }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw MailsMissing(found: mails.count)
    }

    /// Asks for a link and waits for its mail.
    package func requestLink(for email: String, within limit: Duration = .seconds(20)) async throws -> String {
        let before = mails.count
        let answer = try await visitor.post("/forgot-password", json: "{\"email\": \"\(email)\"}")
        guard answer.status == 202 else { throw Visitor.Failed.noAnswer(answer.text) }
        guard let token = try await mails(before + 1, within: limit).last?.token else {
            throw MailsMissing(found: before)
        }
        return token
    }
}
