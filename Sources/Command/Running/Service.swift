import HTTP
import HTTPClient
import HTTPServer
import Keyturn
import Logging
import Mailroom
import PasswordHashing
import ServiceLifecycle
import Sockets
import Synchronization
import TLS
import Telemetry
import UnixSignals
import Web

/// Joins the rooms: opens the database and the sockets, hands everything in, and runs until told to stop.
struct Service {
    /// A configuration in which nothing that `serve` needs is missing.
    struct Essentials {
        let publicURL: String
        let secrets: Secrets
        let sender: Sender

        init(_ settings: Settings) throws {
            if let missing = settings.missingForServe().first { throw missing }
            guard let publicURL = settings.server.publicURL, let secrets = settings.secrets,
                let email = settings.mail.fromEmail, let name = settings.mail.fromName
            else { throw ConfigurationRefused("the configuration is incomplete: run `keyturn config check`") }
            self.init(
                publicURL: publicURL, secrets: secrets, sender: Sender(email: email, name: name))
        }

        init(publicURL: String, secrets: Secrets, sender: Sender) {
            (self.publicURL, self.secrets, self.sender) = (publicURL, secrets, sender)
        }
    }

    /// From the start until all that only the start needs has been done.
    private static let settling: Duration = .seconds(1)
    /// For the database, the log, listeners, loops, webhooks and ``adminConnections``, those who are turned away there included.
    private static let otherDescriptors = 128
    /// Those who look at metrics are few.
    private static let adminConnections = (open: 32, turnedAway: 8)

    let settings: Settings
    let essentials: Essentials
    let files: NamedFiles
    let listeners: [Listener]
    let loops: EventLoops
    let store: any Store
    let metrics: Metrics
    let log: Log
    /// From which level on ``log`` writes; SIGHUP may change it.
    let threshold: LogThreshold
    /// Reads the configuration again; nil where there is none: the demo.
    let configuration: (@Sendable () throws -> ReadConfiguration)?
    /// Whether captured mails are shown in the browser: the demo only.
    let showsMailbox: Bool

    /// - Returns: when SIGTERM or SIGINT came and everything in flight is finished, or the grace is over.
    func run() async throws {
        let clock = WallClock.system
        let links = ResetLinks(
            secrets: essentials.secrets, issuer: essentials.publicURL, lifetime: settings.resetLifetime,
            inviteLifetime: settings.inviteLifetime, pattern: settings.pages.linkPattern)
        let sessions = SessionTokens(
            secrets: essentials.secrets, issuer: essentials.publicURL, lifetime: settings.sessionLifetime)
        let pool = HashingPool(threads: System.cores)
        let audit = AuditNotes(store.auditLog)
        let hasher = PasswordHasher(
            scheme: settings.passwords.scheme, pool: pool, treatment: settings.passwords.treatment)
        let passwordCheck = settings.passwords.check.map { $0.verifier(loops: loops, clock: clock) }
        let policy = files.policy
        let carrier = try makeCarriage(clock: clock)

        var mailing = DeliveryOptions(siteURL: essentials.publicURL)
        mailing.parallelDeliveries = min(settings.mail.parallel, carrier.parallelMax ?? settings.mail.parallel)
        mailing.maximumAge = settings.outbox.maximumAge
        mailing.shutdownGrace = settings.server.shutdownGrace
        let templates = files.templates
        mailing.siteName = settings.brand.name ?? essentials.sender.name
        mailing.palette = settings.brand.palette
        mailing.supportURL = settings.brand.supportURL
        mailing.templates = templates
        mailing.texts = files.texts
        mailing.languages = settings.pages.languages
        mailing.returnURLs = settings.pages.returnURLs
        let worker = try DeliveryWorker(
            outbox: store.outbox, accounts: store.accounts, links: links, budget: settings.mail.budget,
            carrier: carrier.carrier, clock: clock, metrics: metrics, log: log,
            pseudonym: AddressPseudonym(secrets: essentials.secrets), options: mailing)

        let telling = try settings.app.map { try $0.sender(loops: loops, clock: clock) }

        var facing = WebOptions(publicURL: essentials.publicURL)
        facing.allowedOrigins = settings.server.allowedOrigins
        facing.trustedProxies = settings.server.trustedProxies
        facing.siteName = mailing.siteName
        facing.palette = settings.brand.palette
        facing.logo = files.logo
        facing.logoShowsName = settings.brand.logoShowsName
        facing.supportURL = settings.brand.supportURL
        facing.templates = templates
        facing.texts = files.texts
        facing.takeOver(settings.pages)
        facing.logsClients = settings.logsClients
        // The app's hashes are not told, so a password cannot be checked here.
        if case .http = settings.users { (facing.limitsLinkChecks, facing.hasLogin) = (true, false) }
        facing.mailInterval = settings.mail.budget.interval
        let web = try Web(
            requests: store.requests,
            reset: PasswordReset(
                accounts: store.accounts, links: links, policy: policy, hasher: hasher, audit: audit, clock: clock),
            login: Login(
                accounts: store.accounts, sessions: sessions, policy: policy, hasher: hasher, delays: LoginDelays(),
                audit: audit, clock: clock, rehashes: settings.passwords.rehashes && settings.users.isOwn,
                verifier: passwordCheck?.verifier,
                sleep: { try? await Task.sleep(for: $0) }),
            limiter: RateLimiter(rate: settings.clientRate, burst: settings.clientBurst), clock: clock,
            checks: [
                ReadinessCheck("database") { store.writeProblem },
                ReadinessCheck("mail") { worker.stoppedBecause },
            ],
            mailbox: showsMailbox ? carrier.mailbox : nil,
            reports: settings.mail.eventsKey.map {
                SendGridReports(key: $0, outbox: store.outbox, metrics: metrics, log: log)
            }, metrics: metrics, log: log, threshold: threshold, options: facing)

        let manager = ServiceManager.current
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        let certificate = files.certificate
        let renewal = carrier.renewal.map { renewal in
            Carriage.Renewal(keys: renewal.keys) { settings in
                let takeOver = try renewal.prepare(settings)
                return {
                    let isAnother = try takeOver()
                    if isAnother { worker.carrierChanged() }
                    return isAnother
                }
            }
        }
        var trusts: [Reloading.Trusting] = []
        if let client = carrier.client, let trust = settings.provider?.trust {
            trusts.append(
                (
                    trust.key,
                    { () async throws(HTTPClientFailed) in
                        try await client.readTrustAgain()
                        worker.carrierChanged()
                    }
                ))
        }
        if let client = telling?.client { trusts.append((.webhookCAFile, client.readTrustAgain)) }
        let reloading = try Reloading(
            certificate: certificate, renewal: renewal, texts: files.texts, trusts: trusts, threshold: threshold,
            hangups: hangups,
            log: log, read: configuration)
        let server = makeServer(web, layer: certificate.layer)
        let (admin, adminURL) = try makeAdmin(links: links, clock: clock)
        ProcessMetrics.register(in: metrics, hashing: pool)
        var services: [any ServiceLifecycle.Service] = [Mailing(worker: worker)]
        if let telling, let app = settings.app {
            services.append(
                Telling(
                    worker: WebhookWorker(
                        webhooks: store.webhooks, accounts: store.accounts, sender: telling.sender, clock: clock,
                        maximumAge: app.maximumAge, metrics: metrics, log: log)))
        }
        if settings.app == nil {
            services.append(
                WebhooksOff(
                    webhooks: store.webhooks, clock: clock, maximumAge: settings.webhookMaximumAge, log: log))
        }
        let failure = Failure()
        if let admin { services.append(Serving(server: admin, failure: failure)) }
        services.append(Serving(server: server, failure: failure))
        services.append(reloading)

        // All are told to end at the same moment, and have the same grace: none waits for another's end. What is recorded when
        // the worker has stopped is on disk for the next start.
        var configuration = ServiceGroupConfiguration(
            services: [Together(services: services, manager: manager) { announce(adminURL) }],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: Logger(label: "lifecycle") { _ in SwiftLogNoOpLogHandler() })
        configuration.maximumGracefulShutdownDuration = settings.server.shutdownGrace + .seconds(20)
        do { try await store.takeBackLeases(at: clock.now()) } catch {
            throw ConfigurationRefused(.databasePath, Printable.text(error.reason))
        }
        let serviceGroup = ServiceGroup(configuration: configuration)
        failure.group.withLock { $0 = serviceGroup }
        try await withThrowingTaskGroup(of: Void.self) { group in
            let auditLog = store.auditLog
            group.addTask { await auditLog.run(clock: clock) { try? await Task.sleep(for: $0) } }
            group.addTask { await store.watchWrites { try? await Task.sleep(for: $0) } }
            group.addTask {
                try? await Task.sleep(for: Self.settling)
                if !Task.isCancelled { ProgramPages.giveBack() }
            }
            group.addTask { [survey = FormatSurvey(accounts: store.accounts, hasher: hasher)] in
                Self.tell(await survey.run { try? await Task.sleep(for: $0) }, log)
            }
            group.addTask { [lag = EventLoopLag(of: loops, metrics: metrics, manager: manager)] in await lag.run() }
            try await serviceGroup.run()
            // Last, so that what the last requests brought about is written too.
            group.cancelAll()
        }

        pool.shutDown()
        await carrier.client?.shutDown()
        await telling?.client.shutDown()
        await passwordCheck?.client.shutDown()
        store.close()
        await loops.shutDown()
        if let reason = failure.reason.withLock(\.self) { throw reason }
        log.info("stopped")
    }

    /// Accounts that cannot sign in here before a reset.
    private static func tell(_ unreadable: [String: Int], _ log: Log) {
        for (name, count) in unreadable.sorted(by: { $0.key < $1.key }) {
            log.notice(
                "stored hashes cannot be read: these accounts sign in after a reset",
                metadata: ["format": "\(name)", "accounts": "\(count)"])
        }
    }

    /// - Parameter adminURL: where the user API is; nil if it is off.
    private func announce(_ adminURL: String?) {
        LineQueue.standardOutput.onFailure { [log] errno in
            log.warning("cannot write to standard output", metadata: ["reason": "\(SystemWords.words(errno: errno))"])
        }
        for listener in listeners {
            Terminal.announce("listening on \(listener.address.url(secure: settings.server.tls != nil))")
        }
        if let adminURL { Terminal.announce("admin listening on \(adminURL)") }
        log.info("started", metadata: ["version": "\(Version.text)"])
    }

    private func makeServer(
        _ web: Web, layer: (@Sendable (Int32) throws(SocketFailed) -> any SocketLayer)?
    ) -> HTTPServer {
        var options = commonOptions()
        options.limits = connectionLimits()
        options.trustedProxies = settings.server.trustedProxies
        if settings.mail.eventsKey != nil {
            options.limits.largerBodies = Web.largerBodies(publicURL: essentials.publicURL)
        }
        options.secure = layer
        return HTTPServer(web, on: listeners, loops: loops, options: options, metrics: metrics)
    }

    /// No more connections than descriptors, so that the database, the mails and look-ups of names keep theirs.
    private func connectionLimits() -> HTTPServerLimits {
        let (descriptors, wanted) = (Descriptors.raiseLimit(), settings.server.limits)
        let limits = wanted.fitting(
            descriptors: descriptors, besides: Self.otherDescriptors + 2 * settings.mail.parallel)
        if limits.connections < wanted.connections {
            log.warning(
                "fewer descriptors than connections",
                metadata: [
                    "descriptors": "\(descriptors)", "server.limits.connections": "\(wanted.connections)",
                    "connections": "\(limits.connections)",
                ])
        }
        return limits
    }

    /// What holds at both addresses.
    private func commonOptions() -> HTTPServerOptions {
        var options = HTTPServerOptions()
        options.commonFields = Web.commonFields(publicURL: essentials.publicURL)
        options.refusal = Web.refusal
        options.shutdownGrace = settings.server.shutdownGrace
        return options
    }

    /// Metrics and the user API have a door of their own, so that nobody forgets to close it to the world.
    /// - Returns: nil twice if the port is 0; and the address if the user API is on.
    private func makeAdmin(links: ResetLinks, clock: WallClock) throws -> (HTTPServer?, url: String?) {
        guard settings.adminPort != 0 else { return (nil, nil) }
        let address = try SocketAddress(host: settings.adminHost, port: settings.adminPort, key: .adminHost)
        let listener = try Listener.bound(to: address, key: .adminPort)
        let certificate = files.adminCertificate
        let url = listener.address.url(secure: certificate.isUsed)
        log.info("admin listening on \(url)", metadata: ["url": "\(url)/metrics"])
        var options = commonOptions()
        (options.limits.connections, options.limits.turnedAwayAtOnce) = Self.adminConnections
        options.secure = certificate.layer
        let userAPI = settings.userAPI.map { api in
            var facing = UserAPI.Options(tokens: api.tokens)
            facing.handsOutLinks = api.handsOutLinks
            return UserAPI(store: store, links: links, clock: clock, log: log, options: facing)
        }
        let server = HTTPServer(
            Admin(metrics: metrics, outbox: store.outbox, webhooks: store.webhooks, userAPI: userAPI), on: [listener],
            loops: loops, options: options, metrics: Metrics())
        return (server, userAPI.map { _ in url })
    }

    private func makeCarriage(clock: WallClock) throws -> Carriage {
        guard let provider = settings.provider else { throw ConfigurationRefused(.mailProvider, "missing") }
        return try provider.carriage(
            CarriageParts(
                sender: essentials.sender, parallel: settings.mail.parallel, loops: loops, clock: clock,
                metrics: metrics))
    }

    private struct Together: ServiceLifecycle.Service, CustomStringConvertible {
        /// Asked for at the start: without one, everything that the service holds would be described.
        var description: String { "keyturn" }
        let services: [any ServiceLifecycle.Service]
        let manager: ServiceManager?
        let announce: @Sendable () -> Void

        func run() async throws {
            try await withGracefulShutdownHandler {
                // Not before the signals are trapped: whoever hears it may send one, and untrapped it ends the process.
                announce()
                manager?.tell("READY=1")
                try await withThrowingTaskGroup { group in
                    for service in services { group.addTask { try await service.run() } }
                    try await group.waitForAll()
                }
            } onGracefulShutdown: {
                manager?.tell("STOPPING=1")
            }
        }
    }

    private struct Mailing: ServiceLifecycle.Service {
        let worker: DeliveryWorker
        func run() async { await cancelWhenGracefulShutdown { await worker.run() } }
    }

    private struct Telling: ServiceLifecycle.Service {
        let worker: WebhookWorker
        func run() async { await cancelWhenGracefulShutdown { await worker.run() } }
    }

    /// Ends the service as a signal does, and says why.
    private final class Failure: Sendable {
        let group = Mutex<ServiceGroup?>(nil)
        let reason = Mutex<AcceptingFailed?>(nil)

        func end(because reason: AcceptingFailed) async {
            self.reason.withLock { $0 = $0 ?? reason }
            await group.withLock(\.self)?.triggerGracefulShutdown()
        }
    }

    private struct Serving: ServiceLifecycle.Service {
        let server: HTTPServer
        let failure: Failure
        func run() async {
            await withGracefulShutdownHandler {
                do throws(SocketFailed) {
                    try await server.run()
                } catch {
                    await failure.end(because: AcceptingFailed(because: error))
                }
            } onGracefulShutdown: {
                server.shutDown()
            }
        }
    }
}
