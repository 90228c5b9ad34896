/// What an event loop asks of the kernel, so that another kernel's queue can take epoll's place.
protocol EventQueue {
    init() throws(SocketFailed)
    /// Reports every change of readiness of `descriptor` from now on (edge-triggered), under `key`, until it is closed.
    func add(_ descriptor: Int32, key: UInt64) throws(SocketFailed)
    /// Waits for changes and hands over each.
    /// - Parameter milliseconds: 0 looks only, -1 waits for an event or ``wake()``.
    func wait(milliseconds: Int32, _ report: (Readiness) -> Void) throws(SocketFailed)
    /// Ends a ``wait(milliseconds:_:)``, this one or the next. From any thread.
    func wake()
    func close()
}

/// One descriptor's change, as the kernel reported it.
struct Readiness {
    var key: UInt64
    var readable: Bool
    var writable: Bool
    /// The other end has finished sending, or the connection failed: there will be no further change to wait for.
    var hungUp: Bool
}
