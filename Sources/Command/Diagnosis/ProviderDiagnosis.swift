import Foundation
import HTTP
import HTTPClient
import Keyturn
import Sockets
import StrictJSON
import TLS

/// The world outside as a patient: name service, network, certificates, the provider's key, the clock, our own front door.
struct ProviderDiagnosis {
    /// More than this and tokens of one machine come from the future of another.
    private static let clockOffSeconds: Int64 = 30
    private static let clockWrongSeconds: Int64 = 300
    private static let limit: Duration = .seconds(10)

    let settings: Settings
    let now: Timestamp
    let loops: EventLoops

    func findings() async -> [Finding] {
        async let provider = provider()
        async let front = frontDoor()
        return await provider + front
    }

    // MARK: The mail provider

    private func provider() async -> [Finding] {
        guard settings.mail.provider == .sendgrid, let apiKey = settings.mail.apiKey else {
            return [
                .ok(
                    "mail",
                    "not checked: \(settings.mail.provider.map { "mail.provider is \($0.rawValue)" } ?? "no provider is configured")"
                )
            ]
        }
        let origin = settings.mail.baseURL
        let client = client(
            of: origin, trust: settings.mail.caFile.map { .file(path: $0) } ?? .system, through: settings.mail.proxy)
        do {
            let answer = try await client.send(
                .get, "/v3/scopes", fields: [("Authorization", "Bearer \(apiKey)"), ("Accept", "application/json")])
            await client.shutDown()
            return [
                .ok("mail provider", "\(origin.host) answers, its certificate is trusted"), key(answer), clock(answer),
            ]
        } catch {
            await client.shutDown()
            return [unreached("mail provider", origin, error)]
        }
    }

    private func key(_ answer: ClientResponse) -> Finding {
        switch answer.status.code {
        case 200...299:
            let scopes = (try? JSON(parsing: answer.body))?["scopes"]?.arrayValue?.compactMap(\.stringValue)
            if let scopes, !scopes.contains("mail.send") {
                return .error(
                    "mail key", "the provider knows the key, but the key may not send mail",
                    advice: "give the key the permission Mail Send, or create one that has it")
            }
            return .ok("mail key", "the provider accepts the key")
        case 401, 403:
            return .error(
                "mail key", "the provider refuses the key (\(answer.status.code))",
                advice: """
                    check mail.sendgrid.apiKey, that its region fits mail.sendgrid.baseURL, and the account's credits; then \
                    `keyturn mail test you@example.com`
                    """)
        default:
            return .warning(
                "mail key", "the provider answered \(answer.status.code) when asked about the key",
                advice: "see its status page, and try `keyturn mail test you@example.com`")
        }
    }

    private func clock(_ answer: ClientResponse) -> Finding {
        guard let theirs = answer["Date"].flatMap({ HTTPDate.parse($0, now: now.seconds) }) else {
            return .warning(
                "clock", "the provider's answer has no date to compare with", advice: "check it with `timedatectl`")
        }
        let (difference, overflow) = now.seconds.subtractingReportingOverflow(theirs)
        let off = overflow ? .max : difference.magnitude
        let words = "\(off) s \(difference < 0 ? "behind" : "ahead of") the provider's clock"
        let advice =
            "set the clock (`timedatectl set-ntp true`): links and sessions carry times, certificates have dates"
        if off > Self.clockWrongSeconds { return .error("clock", words, advice: advice) }
        if off > Self.clockOffSeconds { return .warning("clock", words, advice: advice) }
        return .ok("clock", words)
    }

    // MARK: Our own front door

    /// What a browser would meet at the public URL.
    private func frontDoor() async -> [Finding] {
        guard let url = settings.server.publicURL, url.hasPrefix("https://"), let origin = Origin(parsing: url) else {
            return [.ok("public URL", "not checked: server.publicURL is not set, or not https")]
        }
        let client = client(of: origin, trust: .system)
        do {
            let answer = try await client.send(.get, "/healthz", fields: [("Accept", "application/json")])
            await client.shutDown()
            if answer.status.code == 200, (try? JSON(parsing: answer.body))?["status"]?.stringValue == "ok" {
                return [.ok("public URL", "\(url)/healthz answers, its certificate is trusted")]
            }
            return [
                .warning(
                    "public URL", "\(url)/healthz was answered with \(answer.status.code), and not by keyturn",
                    advice: "is the service running, and does the proxy pass every path on to it?")
            ]
        } catch {
            await client.shutDown()
            let finding = unreached("public URL", origin, error)
            // It may not be reachable from here, or not be started yet.
            return [.warning(finding.subject, finding.words, advice: finding.advice ?? "")]
        }
    }

    // MARK: What they share

    private func client(of origin: Origin, trust: Trust, through proxy: Proxy? = nil) -> HTTPClient {
        var options = HTTPClientOptions.standard
        options.proxy = proxy
        options.totalLimit = Self.limit
        return HTTPClient(to: origin, trust: trust, loops: loops, options: options)
    }

    private func unreached(_ subject: String, _ origin: Origin, _ failed: HTTPClientFailed) -> Finding {
        let advice =
            switch failed.stage {
            case .resolving: "check DNS: run `getent hosts \(origin.host)`, see /etc/resolv.conf"
            case .connecting:
                "check the network: can this machine reach port \(origin.port) of \(origin.host)? See the firewall and the proxy"
            case .proxy: "check the proxy: does it allow port \(origin.port) of \(origin.host)? See mail.sendgrid.proxy"
            case .handshake:
                """
                check certificates: is ca-certificates installed, is the clock right, and is mail.sendgrid.caFile (for the provider) \
                the right file? `openssl s_client -connect \(origin.host):\(origin.port)` shows the chain
                """
            case .request, .pool, .sending, .waiting, .receiving:
                "the server accepted the connection and did not answer: try again"
            }
        return .error(
            subject, "\(origin.host): \(failed.stage.rawValue): \(Printable.text(failed.reason))", advice: advice)
    }
}
