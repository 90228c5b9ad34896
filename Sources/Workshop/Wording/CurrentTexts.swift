import Synchronization

/// The catalogues that are in use now: shared by all that speak to people, and replaced as a whole while the service runs.
package final class CurrentTexts: Sendable {
    private let current: Mutex<Catalogues>

    package init(_ catalogues: Catalogues) { current = Mutex(catalogues) }

    package var catalogues: Catalogues { current.withLock(\.self) }

    package func replace(with catalogues: Catalogues) { current.withLock { $0 = catalogues } }
}
