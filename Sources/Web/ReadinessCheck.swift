/// What `/readyz` reports: a name (`database`, `mail`) and nil when well, else words for the operator's log. Read from memory for each
/// request: whatever finds it out runs by itself, and no client can make it run.
package struct ReadinessCheck: Sendable {
    package let name: String
    package let problem: @Sendable () -> String?
    package init(_ name: String, _ problem: @escaping @Sendable () -> String?) {
        self.name = name
        self.problem = problem
    }
}
