import HTTP
import Keyturn
import Telemetry

extension [Route] {
    /// Every path there is, and who answers it.
    static func table(
        requests: any ResetRequests, reset: PasswordReset, login: Login, admission: Admission,
        linkAdmission: Admission?, readiness: Readiness,
        mailInterval: Duration, mailbox: (@Sendable () async -> [DemoMail])?,
        reports: (any MailReports)?, pages: Pages
    ) -> [Route] {
        // Those first that machines ask for again and again.
        var routes = [
            Route("/healthz", get: Prepared(json: [UInt8](#"{"status":"ok"}"#.utf8))),
            Route("/readyz", get: readiness),
            Route(
                "/forgot-password", get: OpenForgotPassword(pages),
                post: ForgotPassword(requests, admission, mailInterval: mailInterval, pages)),
            Route("/forgot-password/sent", get: ShowPage({ LetterSentPage(mailInterval: mailInterval) }, pages)),
            Route(
                "/reset-password", get: OpenResetLink(reset, linkAdmission, pages),
                post: ResetPassword(reset, admission, pages)),
            Route("/reset-password/done", get: ShowPage(PasswordChangedPage.init, pages)),
            Route("/reset-password/first", get: ShowPage(FirstPasswordPage.init, pages)),
            Route("/not-me", get: OpenNotMeLink(reset, linkAdmission, pages), post: NotMe(reset, admission, pages)),
            Route("/not-me/done", get: ShowPage(LinksRevokedPage.init, pages)),
            Route("/", get: Redirect(to: pages.site.hasLogin ? "/login" : "/forgot-password", pages.site)),
            Route("/.well-known/change-password", get: Redirect(to: "/forgot-password", pages.site)),
            Route("/openapi.json", get: Prepared(json: PackageResources.openapi_json)),
        ]
        if pages.site.hasLogin {
            routes += [
                Route("/login", get: ShowPage({ SignInPage() }, pages), post: SignIn(login, admission, pages)),
                Route("/login/done", get: ShowPage({ SignedInPage() }, pages)),
                Route("/me", get: Me(login)),
            ]
        }
        routes += pages.site.assets.all.map { Route($0.path, get: $0) }
        if let reports { routes.append(Route(SendGridEvents.path, receiver: SendGridEvents(reports))) }
        if let mailbox {
            routes.append(Route("/mailbox", get: Mailbox(mailbox, pages)))
            routes.append(Route("/mailbox.json", get: MailboxJSON(mailbox)))
            routes.append(Route("/mailbox/mail", get: MailboxMail(mailbox, pages)))
            routes.append(Route("/mailbox/letter", get: MailboxLetter(mailbox, pages.site)))
        }
        return routes
    }
}

/// One path and its controllers.
struct Route: Sendable {
    static let allMethods = "GET, HEAD, POST, OPTIONS"

    let path: StaticString
    let get: (any GetController)?
    let post: (any PostController)?
    let receiver: (any Receiver)?
    /// As logs and metrics know it: the path.
    let name: String
    /// The value of `Allow`.
    let allow: String

    init(_ path: StaticString, get: any GetController, post: (any PostController)? = nil) {
        self.path = path
        self.get = get
        self.post = post
        receiver = nil
        name = "\(path)"
        allow = post == nil ? "GET, HEAD, OPTIONS" : Self.allMethods
    }

    init(_ path: StaticString, receiver: any Receiver) {
        self.path = path
        (get, post) = (nil, nil)
        self.receiver = receiver
        name = "\(path)"
        allow = "POST, OPTIONS"
    }
}

/// Finds the route of a request, and counts what came of it.
final class Routes: Sendable {
    enum Found { case get(any GetController), post(any PostController), receive(any Receiver) }

    private let routes: [Route]
    private let metrics: Metrics
    /// The routes' paths: looking through them copies no controllers.
    private let paths: [StaticString]
    private let prepared: [Response?]
    private let counters: [RouteCounters]

    convenience init(copying routes: Routes) {
        self.init(routes.routes, metrics: routes.metrics)
    }

    init(_ routes: [Route], metrics: Metrics) {
        self.routes = routes
        self.metrics = metrics
        paths = routes.map(\.path)
        prepared = routes.map { ($0.get as? Prepared)?.response.copy() } + [nil]
        counters = (routes.map(\.name) + [Self.noRoute]).map { RouteCounters(of: $0, in: metrics) }
    }

    private static let noRoute = "none"

    /// - Returns: the path of the route that the request's path names but for one slash at its end; nil if there is none.
    func pathWithoutSlash(of request: Request) -> StaticString? {
        let path = Array(request.path.utf8)
        guard path.count > 2, path.last == UInt8(ascii: "/") else { return nil }
        return paths.first { Self.bytes(of: $0).elementsEqual(path.dropLast()) }
    }

    /// Those that answer at the root too, if everything lives below a path: machines and browsers ask for them there.
    private static let atRoot: [StaticString] = ["/healthz", "/readyz", "/.well-known/change-password"]

    static func isAtRoot(_ request: Request) -> Bool { atRoot.contains { request.path(is: $0) } }

    /// Whether the request's path is a route's in other letters (ASCII): a gateway that changes the case of links made it of one of ours.
    /// - Parameter base: the path that everything lives below.
    func isInOtherCase(_ request: Request, below base: [UInt8]) -> Bool {
        var path = request.path.utf8.map(Self.lowered)
        guard path.starts(with: base.map(Self.lowered)) else { return false }
        path.removeFirst(base.count)
        if path.count > 1, path.last == UInt8(ascii: "/") { path.removeLast() }
        return paths.contains { Self.bytes(of: $0).map(Self.lowered) == path }
    }

    private static func bytes(of path: StaticString) -> String.UTF8View { path.description.utf8 }

    private static func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

    /// - Returns: the place of the route in the table; one past its end where no path is this one.
    func find(_ request: Request) -> Int {
        paths.firstIndex { request.path(is: $0) } ?? none
    }

    /// The place of no route.
    var none: Int { paths.count }

    /// The answer to GET and HEAD where it is always the same.
    func prepared(at place: Int) -> Response? { prepared[place] }

    /// Whether a path was found there.
    func isRoute(_ place: Int) -> Bool { place < routes.count }

    func name(of place: Int) -> String { place < routes.count ? routes[place].name : Self.noRoute }
    func allow(of place: Int) -> String? { place < routes.count ? routes[place].allow : nil }

    func controller(at place: Int, for request: Request) throws(Problem) -> Found {
        guard place < routes.count else { throw .notFound }
        let route = routes[place]
        let found: Found? =
            switch request.method {
            case .get, .head: route.get.map { .get($0) }
            case .post: route.post.map { .post($0) } ?? route.receiver.map { .receive($0) }
            default: nil
            }
        guard let found else { throw .methodNotAllowed(allow: route.allow) }
        return found
    }

    func count(_ status: Status, at place: Int, after duration: Duration) {
        counters[place].count(status, after: duration)
    }

    /// What the server answered before there was a request.
    func countUnrouted(_ status: Status, after duration: Duration) { count(status, at: routes.count, after: duration) }
}
