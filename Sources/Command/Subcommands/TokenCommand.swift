import ArgumentParser
import Cryptography
import Foundation
import Keyturn
import StrictJSON

/// `keyturn token inspect`: what a token says, and whether this installation would take it.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Inspect a token.", subcommands: [Inspect.self])

    struct Inspect: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "inspect",
            abstract:
                "Print the header and claims of a reset or invitation token, and whether it works now. Does not use it up."
        )

        @Argument(
            help:
                "The token, the link that holds it, or - to read either from standard input, which keeps it out of the shell's history."
        )
        var token: String
        @OptionGroup var options: ConfigurationOptions

        /// Longer than any token or link of ours.
        private static let bytesMax = 16 << 10

        func run() async throws {
            let pasted = token == "-" ? Self.firstLine() : token
            guard pasted.utf8.count <= Self.bytesMax else {
                throw CommandFailed("that is longer than \(Self.bytesMax >> 10) KiB, so it is not a token of keyturn")
            }
            let text = PastedToken.token(in: pasted)
            guard !text.isEmpty else { throw CommandFailed("there is no token in that") }
            for (name, part) in zip(
                ["header", "claims"], text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false))
            {
                Terminal.say("\(name)  \(shown(part))")
            }
            try await options.withStore { store, settings in
                guard let secrets = settings.secrets, let publicURL = settings.server.publicURL else {
                    throw ConfigurationRefused("server.publicURL and secrets.standard are needed to check a token")
                }
                let links = ResetLinks(
                    secrets: secrets, issuer: publicURL, lifetime: settings.resetLifetime,
                    inviteLifetime: settings.inviteLifetime)
                let now = WallClock.system.now()
                do {
                    let claimed = try links.read(text, at: now)
                    let user = try await store.accounts.user(id: claimed.user)
                    let expiresAt = try links.verify(claimed, for: user?.credentials, at: now).expiresAt
                    if user?.isDisabled == true { throw CommandFailed("refused: the account is disabled") }
                    Terminal.say("works until \(expiresAt.rfc3339)")
                } catch TokenRejected.expired {
                    throw CommandFailed("refused: token_expired (the signature is valid, but the link has expired)")
                } catch TokenRejected.invalid {
                    throw CommandFailed(
                        "refused: token_invalid (malformed, forged, from another installation, revoked or used)")
                }
            }
        }

        /// The first line of standard input that is not blank.
        private static func firstLine() -> String {
            var line = ""
            while line.utf8.allSatisfy({ $0 <= 0x20 }), let next = readLine(strippingNewline: true) { line = next }
            return line
        }

        private func shown(_ part: Substring.UTF8View.SubSequence) -> String {
            guard let bytes = Base64URL.decode(part), let text = String(validating: bytes, as: UTF8.self) else {
                return "(not base64url)"
            }
            return Printable.text(text)
        }
    }
}
