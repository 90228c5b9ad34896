import Foundation
import Sockets

/// The service cannot take connections any more, and ends: its supervisor starts it anew.
struct AcceptingFailed: Error, CustomStringConvertible {
    let description: String

    init(because reason: SocketFailed) {
        var words = "\(reason)"
        if case .system(let call, let number) = reason {
            // The text is copied at once, on the thread that it belongs to.
            words = unsafe "\(call): \(String(cString: strerror(number)))"
        }
        description = "connections cannot be accepted any more: \(words)"
    }
}
