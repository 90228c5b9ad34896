package import StrictJSON

extension JSON {
    /// Seconds since 1970 where this is a NumericDate (RFC 7519 §2) of the one spelling taken here: an integer, not
    /// negative, without fraction or exponent. So no two tokens mean one moment, and nothing is rounded.
    package var numericDate: Int64? { integerValue.flatMap { $0 >= 0 ? $0 : nil } }
}
