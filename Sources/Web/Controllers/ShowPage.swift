import HTTP

/// Shows a page that needs nothing but itself.
struct ShowPage: GetController {
    private let make: @Sendable () -> any Page
    private let pages: Pages

    init(_ make: @escaping @Sendable () -> any Page, _ pages: Pages) {
        self.make = make
        self.pages = pages
    }

    func get(_ visit: Visit) async throws(Problem) -> Response { pages.response(make(), to: visit) }
}
