/// The one door to the kernel: calls again while a signal interrupts, and keeps the call's name and `errno`.
import CLinux
import Glibc

/// - Returns: what the call returned, never negative.
/// - Throws: ``SocketFailed/system(call:errno:)``.
@discardableResult
func system(_ call: StaticString, _ body: () -> Int) throws(SocketFailed) -> Int {
    while true {
        let result = body()
        if result >= 0 { return result }
        let number = errno
        if number != EINTR { throw .system(call: "\(call)", errno: number) }
    }
}

@discardableResult
func system(_ call: StaticString, _ body: () -> Int32) throws(SocketFailed) -> Int32 {
    Int32(truncatingIfNeeded: try system(call) { Int(body()) })
}

/// As ``system(_:_:)``, for calls on descriptors that do not wait.
/// - Returns: nil where the call would have had to wait.
func systemUnlessBlocked(_ call: StaticString, _ body: () -> Int) throws(SocketFailed) -> Int? {
    while true {
        let result = body()
        if result >= 0 { return result }
        let number = errno
        if number == EAGAIN || number == EWOULDBLOCK { return nil }
        if number != EINTR { throw .system(call: "\(call)", errno: number) }
    }
}

/// Sets one integer option of a socket.
func setOption(_ descriptor: Int32, _ level: Int32, _ option: Int32, to value: Int32) throws(SocketFailed) {
    try system("setsockopt") {
        withUnsafePointer(to: value) { setsockopt(descriptor, level, option, $0, socklen_t(MemoryLayout<Int32>.size)) }
    }
}

/// Reads one integer option of a socket.
func option(_ descriptor: Int32, _ level: Int32, _ option: Int32) throws(SocketFailed) -> Int32 {
    var value: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    try system("getsockopt") { getsockopt(descriptor, level, option, &value, &length) }
    return value
}
