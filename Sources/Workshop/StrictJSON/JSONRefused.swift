/// Why a text is not JSON we accept, and where: offsets in bytes from its beginning, for logs and tests, not for responses.
package enum JSONRefused: Error, Equatable {
    case syntax(atByte: Int)
    /// The string that begins there is not UTF-8.
    case invalidUTF8(atByte: Int)
    /// The name that begins there stands earlier in the same object.
    case duplicateName(atByte: Int)
    case tooDeep(limit: Int)
    /// A `\u` escape of half a pair: no Unicode text has it.
    case loneSurrogate(atByte: Int)
}
