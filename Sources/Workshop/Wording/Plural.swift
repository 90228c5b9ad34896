/// Which form of a word stands with a number: the rules of CLDR 48 for whole numbers.
package enum Plural: String, CaseIterable, Sendable { case zero, one, two, few, many, other }

extension Language {
    /// The forms a catalogue of this language has. Some stand with fractions alone, or with millions, and are there for scripts.
    package var plurals: [Plural] {
        switch self {
        case .chinese, .japanese: [.other]
        case .english, .german, .dutch, .turkish, .hindi: [.one, .other]
        case .french, .spanish, .portuguese, .italian: [.one, .many, .other]
        case .hebrew: [.one, .two, .other]
        case .polish, .ukrainian: [.one, .few, .many, .other]
        case .arabic: Plural.allCases
        }
    }

    /// - Parameter count: not negative.
    package func plural(of count: Int64) -> Plural {
        switch self {
        case .chinese, .japanese: .other
        case .english, .german, .dutch, .turkish: count == 1 ? .one : .other
        case .hindi: count <= 1 ? .one : .other
        case .spanish, .italian: count == 1 ? .one : Self.isMillions(count) ? .many : .other
        case .french, .portuguese: count <= 1 ? .one : Self.isMillions(count) ? .many : .other
        case .hebrew: count == 1 ? .one : count == 2 ? .two : .other
        case .polish: count == 1 ? .one : Self.isFew(count) ? .few : .many
        case .ukrainian: count % 10 == 1 && count % 100 != 11 ? .one : Self.isFew(count) ? .few : .many
        case .arabic: Self.arabicPlural(of: count)
        }
    }

    private static func isMillions(_ count: Int64) -> Bool { count != 0 && count % 1_000_000 == 0 }

    /// Two to four, but not twelve to fourteen.
    private static func isFew(_ count: Int64) -> Bool {
        (2...4).contains(count % 10) && !(12...14).contains(count % 100)
    }

    private static func arabicPlural(of count: Int64) -> Plural {
        switch (count, count % 100) {
        case (0, _): .zero
        case (1, _): .one
        case (2, _): .two
        case (_, 3...10): .few
        case (_, 11...99): .many
        default: .other
        }
    }
}
