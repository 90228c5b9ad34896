/// Forms: `application/x-www-form-urlencoded` (WHATWG URL §5), read strictly.

package enum FormRefused: Error, Equatable {
    case percentEncoding, notUTF8
    case tooManyPairs(limit: Int)
}

/// The pairs in order, duplicates included.
package struct FormPairs: Sendable {
    package let pairs: [(name: String, value: String)]

    /// Empty pairs (`&&`) are skipped; a name without `=` has an empty value.
    package init(parsing bytes: some Sequence<UInt8>, limit: Int = 64) throws(FormRefused) {
        var pairs: [(name: String, value: String)] = []
        for pair in Array(bytes).split(separator: UInt8(ascii: "&")) {
            guard pairs.count < limit else { throw .tooManyPairs(limit: limit) }
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            pairs.append((try Self.text(pair[..<equals]), try Self.text(pair[equals...].dropFirst())))
        }
        self.pairs = pairs
    }

    /// The values of one name in a query, in order. Pairs of other names are not looked at, whatever they hold and however many there are.
    /// - Throws: if a value of this name is not percent-encoded UTF-8.
    package static func values(of name: String, inQuery query: String) throws(FormRefused) -> [String] {
        var values: [String] = []
        for pair in Array(query.utf8).split(separator: UInt8(ascii: "&")) {
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            guard let found = PercentDecoding.decode(pair[..<equals], plusIsSpace: true),
                found.elementsEqual(name.utf8)
            else { continue }
            values.append(try text(pair[equals...].dropFirst()))
        }
        return values
    }

    private static func text(_ bytes: ArraySlice<UInt8>) throws(FormRefused) -> String {
        guard let decoded = PercentDecoding.decode(bytes, plusIsSpace: true) else { throw .percentEncoding }
        guard let text = String(validating: decoded, as: UTF8.self) else { throw .notUTF8 }
        return text
    }

    /// All values of a name, compared byte by byte, in order.
    package func values(of name: String) -> [String] {
        pairs.filter { $0.name.utf8.elementsEqual(name.utf8) }.map(\.value)
    }
}
