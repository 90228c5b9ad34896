import Foundation

/// The operating system's reason for a failure, for operators: "Permission denied". Foundation on Linux says "The operation could not be
/// completed" for nearly all of them.
package enum SystemWords {
    package static func words(errno number: Int32) -> String {
        // glibc keeps this text for each thread, and it is copied at once.
        unsafe String(cString: strerror(number))
    }

    /// The words of the number that lies beneath one of Foundation's errors; its own description if there is none.
    package static func words(_ error: any Error) -> String {
        var error = error as NSError
        // Foundation nests an error once or twice.
        for _ in 0..<4 where error.domain != NSPOSIXErrorDomain {
            guard let beneath = error.userInfo[NSUnderlyingErrorKey] as? any Error else { break }
            error = beneath as NSError
        }
        return error.domain == NSPOSIXErrorDomain
            ? words(errno: Int32(truncatingIfNeeded: error.code)) : error.localizedDescription
    }
}
