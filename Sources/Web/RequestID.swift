import Synchronization

/// Numbers the requests of this process, so that two log lines of one request are found again. Says nothing about the visitor.
enum RequestID {
    private static let last = Atomic<UInt64>(0)

    static func next() -> UInt64 { last.wrappingAdd(1, ordering: .relaxed).newValue }
}
