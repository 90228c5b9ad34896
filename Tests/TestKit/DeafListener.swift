/// A port on loopback where nobody is accepted.

internal import Foundation

package final class DeafListener: Sendable {
    package let port: UInt16
    private let descriptors: [Int32]

    /// - Parameter isSilent: connections are neither taken nor refused, as by a machine that is not there; else they are refused.
    package init(isSilent: Bool) throws {
        let (listener, port) = try listenOnLoopback()
        self.port = port
        guard isSilent else {
            close(listener)
            descriptors = []
            return
        }
        // A queue for one, and it is full.
        listen(listener, 0)
        descriptors = try [listener] + (0..<3).map { _ in try connectToLoopback(port, waits: false) }
    }

    package func stop() { for descriptor in descriptors { close(descriptor) } }
}
