/// Why a token is not believed.
package enum TokenRejected: Error, Equatable {
    /// Forged, malformed, foreign, used, from the future: nobody can tell which.
    case invalid
    /// Signature good, time over.
    case expired
}
