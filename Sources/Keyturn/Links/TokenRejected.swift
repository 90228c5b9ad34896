/// Why a token is not believed.
package enum TokenRejected: Error, Equatable {
    /// Forged, malformed, foreign, used or from the future. The response does not tell which.
    case invalid
    /// Signature good, time over.
    case expired
}
