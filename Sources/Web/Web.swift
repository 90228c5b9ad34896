package import HTTP
package import Keyturn
import Logging
package import Telemetry

/// The room where a request becomes an answer: it finds the route, guards it, asks the controller and counts what came of it.
package final class Web: Responder {
    private let routes: Routes
    private let pages: Pages
    /// The path that everything lives below; empty: the root.
    private let base: [UInt8]
    private let originCheck: OriginCheck
    private let crossOrigin: CrossOrigin
    private let submissions: Submissions
    private let trustedProxies: [CIDR]
    private let clock: WallClock
    private let log: Log
    private let threshold: LogThreshold
    /// Whether requests that went well are logged: asked for each.
    private var logsEvery: Bool { threshold.level <= .debug }
    private let logsClients: Bool

    /// - Parameter mailbox: the demo's captured mails; without it there is no such page.
    /// - Parameter reports: takes what the mail provider posts; without it there is no such path.
    /// - Parameter threshold: from which level on `log` writes; nil: from its own, for good.
    /// - Throws: where an embedded template cannot be read.
    package init(
        requests: any ResetRequests, reset: PasswordReset, login: Login, limiter: RateLimiter, clock: WallClock,
        checks: [ReadinessCheck],
        mailbox: (@Sendable () async -> [DemoMail])? = nil, reports: (any MailReports)? = nil, metrics: Metrics,
        log: Log, threshold: LogThreshold? = nil, options: WebOptions
    ) throws {
        pages = try Pages(site: Site(options), templates: options.templates, texts: options.texts)
        base = Array(pages.site.base.utf8)
        routes = Routes(
            .table(
                requests: requests, reset: reset, login: login, admission: Admission(limiter),
                linkAdmission: options.limitsLinkChecks ? Admission(limiter) : nil,
                readiness: Readiness(checks, log: log), mailInterval: options.mailInterval, mailbox: mailbox,
                reports: reports, pages: pages
            ),
            metrics: metrics)
        originCheck = OriginCheck(publicURL: options.publicURL, allowedOrigins: options.allowedOrigins)
        crossOrigin = CrossOrigin(allowedOrigins: options.allowedOrigins)
        submissions = Submissions()
        trustedProxies = options.trustedProxies
        self.clock = clock
        self.log = log
        self.threshold = threshold ?? LogThreshold(log.logLevel)
        logsClients = options.logsClients
    }

    private init(copying web: Web) {
        routes = Routes(copying: web.routes)
        (pages, base, originCheck, crossOrigin) = (web.pages, web.base, web.originCheck, web.crossOrigin)
        (submissions, trustedProxies) = (web.submissions, web.trustedProxies)
        (clock, log, threshold, logsClients) = (web.clock, web.log, web.threshold, web.logsClients)
    }

    package func copyForLoop() -> Web { Web(copying: self) }

    /// What needs no body to be refused: an unknown path, a method the path does not have, a body of a type that is not read,
    /// a report of mails that its head does not vouch for.
    package func refuseEarly(_ request: Request) -> Response? {
        guard request.method != .options else { return nil }
        let (request, route, isOurs) = place(of: request)
        do {
            let found = try routes.controller(at: route, for: request)
            if request.method == .post { _ = try BodyType(of: request) }
            if case .receive(let receiver) = found { try receiver.admit(visit(request)) }
            return nil
        } catch {
            var response = refusal(error, of: request, on: route, isOurs: isOurs).response
            complete(&response, to: request)
            return response
        }
    }

    /// What was prepared at the start: how the service is, and what describes it.
    package func respondAtOnce(to request: Request) -> Response? {
        guard request.method.isGetOrHead, var response = routes.prepared(at: place(of: request).route) else {
            return nil
        }
        complete(&response, to: request)
        return response
    }

    package func sends(_ status: Status, to request: Request, after duration: Duration) {
        count(status, of: nil, to: request, on: place(of: request).route, after: duration)
    }

    package func serverSends(_ status: Status, after duration: Duration) {
        routes.countUnrouted(status, after: duration)
    }

    package func respond(to request: Request) async -> Response {
        let began = ContinuousClock.now
        let (request, route, isOurs) = place(of: request)
        let reply = await reply(to: request, on: route, isOurs: isOurs)
        return finish(reply, to: request, on: route, after: ContinuousClock.now - began)
    }

    /// The request as the table of routes knows it: its path begins behind ``base``, if it lies there.
    /// - Returns: its route, and whether the path lies where everything of ours does.
    private func place(of request: Request) -> (request: Request, route: Int, isOurs: Bool) {
        if base.isEmpty || Routes.isAtRoot(request) { return (request, routes.find(request), true) }
        guard let inside = request.below(base) else { return (request, routes.none, false) }
        return (inside, routes.find(inside), true)
    }

    private func reply(to request: Request, on route: Int, isOurs: Bool) async -> Reply {
        if request.method == .options { return options(request, on: route, isOurs: isOurs) }
        do {
            let visit = visit(request)
            switch try routes.controller(at: route, for: request) {
            case .get(let controller): return await get(visit, from: controller)
            case .post(let controller): return await post(visit, to: controller)
            case .receive(let receiver): return Reply(try await receive(visit, with: receiver))
            }
        } catch {
            return refusal(error, of: request, on: route, isOurs: isOurs)
        }
    }

    /// Off the event loops: a body of a mebibyte takes milliseconds to be checked and read.
    private func receive(_ visit: Visit, with receiver: any Receiver) async throws(Problem) -> Response {
        let outcome: Result<Response, Problem> = await Task.detached {
            do throws(Problem) { return .success(try await receiver.receive(visit)) } catch { return .failure(error) }
        }.value
        return try outcome.get()
    }

    /// What is answered if no controller is. A slash too much leads to the page without it, the query kept; a path in other letters to a page
    /// that offers a new link, for the token in it is lost.
    private func refusal(_ problem: Problem, of request: Request, on route: Int, isOurs: Bool) -> Reply {
        guard problem == .notFound, !routes.isRoute(route) else {
            return pages.reply(about: problem, to: visit(request))
        }
        if isOurs, let path = routes.pathWithoutSlash(of: request) {
            var response = Response(.permanentRedirect)
            // From our own table, and the query as it came: checked byte by byte, decoded nowhere.
            response.add("Location", pages.site.base + "\(path)" + (request.query.map { "?" + $0 } ?? ""))
            return Reply(response)
        }
        let page = routes.isInOtherCase(request, below: isOurs ? [] : base) ? DeadLinkPage(problem: problem) : nil
        return pages.reply(about: problem, to: visit(request), on: page)
    }

    private func get(_ visit: Visit, from controller: any GetController) async -> Reply {
        do {
            return Reply(try await controller.get(visit))
        } catch {
            return pages.reply(about: error, to: visit, on: controller.page(about: error, for: visit))
        }
    }

    private func post(_ visit: Visit, to controller: any PostController) async -> Reply {
        var visit = visit
        do {
            let type = try BodyType(of: visit.request)
            visit.becomes(postOf: type)
            if type == .form { try originCheck.admit(visit.request) }
            let form = try Form(visit.request.body, as: type)
            visit.form = form
            guard let key = form.submissionKey else { return await post(form, from: visit, to: controller) }
            return await submissions.join(key, path: visit.request.path, body: visit.request.body) {
                [visit] in await post(form, from: visit, to: controller)
            }
        } catch {
            return pages.reply(about: error, to: visit)
        }
    }

    private func post(_ form: Form, from visit: Visit, to controller: any PostController) async -> Reply {
        do {
            return Reply(try await controller.post(form, from: visit))
        } catch {
            // Nobody is asked for a page that nobody sees: to make one a link may be looked at once more, and that is noted.
            let page = visit.presentation.isPage ? await controller.page(about: error, on: form, from: visit) : nil
            return pages.reply(about: error, to: visit, on: page)
        }
    }

    /// A preflight's answer, or plainly which methods the path knows.
    private func options(_ request: Request, on route: Int, isOurs: Bool) -> Reply {
        guard let allow = request.path == "*" ? Route.allMethods : routes.allow(of: route) else {
            return refusal(.notFound, of: request, on: route, isOurs: isOurs)
        }
        var response = Response(.noContent)
        response.add("Allow", allow)
        crossOrigin.answerPreflight(request, allow: allow, with: &response)
        return Reply(response)
    }

    private func visit(_ request: Request) -> Visit {
        Visit(
            request, from: ClientAddress(of: request, trusting: trustedProxies), at: clock.now(),
            speaking: pages.site.languages)
    }

    private func finish(_ reply: Reply, to request: Request, on route: Int, after duration: Duration) -> Response {
        var response = reply.response
        complete(&response, to: request)
        count(response.status, of: reply, to: request, on: route, after: duration)
        return response
    }

    /// The last step of every answer: its conditions, and the fields scripts of other origins need.
    private func complete(_ response: inout Response, to request: Request) {
        response.heed(conditionsOf: request)
        crossOrigin.mark(&response, for: request)
    }

    /// - Parameter reply: where it holds more than the answer: what only the log may say.
    private func count(
        _ status: Status, of reply: Reply?, to request: Request, on route: Int, after duration: Duration
    ) {
        routes.count(status, at: route, after: duration)
        if logsEvery || status.code >= 500 && reply?.isLoggedOnChange != true {
            note(status, of: reply, to: request, on: route, after: duration)
        }
    }

    /// Neither the target nor a field is logged: a link's token stands in one of them.
    private func note(
        _ status: Status, of reply: Reply?, to request: Request, on route: Int, after duration: Duration
    ) {
        var metadata: Log.Metadata = [
            "id": "\(reply?.requestID ?? RequestID.next())", "method": "\(request.method.rawValue)",
            "route": "\(routes.name(of: route))",
            "status": "\(status.code)", "ms": "\(duration.wholeMilliseconds)", "cause": "\(reply?.cause ?? "none")",
        ]
        // Several lines of the field are as good as none (Trace Context §3.2).
        let traces = request.values(of: "traceparent")
        if traces.count == 1, let trace = TraceParent(traces[0]) {
            metadata["trace_id"] = "\(trace.traceID)"
            metadata["parent_id"] = "\(trace.parentID)"
        }
        if logsClients { metadata["client"] = "\(ClientAddress(of: request, trusting: trustedProxies).network)" }
        let isWarning = status.code >= 500 && reply?.isLoggedOnChange != true
        log.log(level: isWarning ? .warning : .debug, "request", metadata: metadata)
    }
}
