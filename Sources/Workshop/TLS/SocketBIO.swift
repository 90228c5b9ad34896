/// How OpenSSL reaches the socket: like its own socket BIO, but `send` never raises SIGPIPE.

internal import COpenSSL
internal import Glibc

enum SocketBIO {
    /// `nonisolated(unsafe)`: made once, before it is shared, and never changed.
    nonisolated(unsafe) private static let method: OpaquePointer? = makeMethod()

    /// A BIO over a descriptor that the caller closes; nil if there is no memory.
    static func make(descriptor: Int32) -> OpaquePointer? {
        guard let method, let bio = BIO_new(method) else { return nil }
        BIO_set_data(bio, UnsafeMutableRawPointer(bitPattern: Int(descriptor) + 1))
        BIO_set_init(bio, 1)
        return bio
    }

    /// From now on nothing can be received.
    static func refuseToReceive(_ bio: OpaquePointer?) { BIO_set_flags(bio, refusedFlag) }

    /// The descriptor travels as a pointer; one more than it, for 0 would be nil.
    fileprivate static func descriptor(of bio: OpaquePointer?) -> Int32 {
        Int32(truncatingIfNeeded: Int(bitPattern: BIO_get_data(bio)) - 1)
    }

    private static func makeMethod() -> OpaquePointer? {
        guard let method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "socket without SIGPIPE") else { return nil }
        BIO_meth_set_write(method, sendBytes)
        BIO_meth_set_read(method, receiveBytes)
        BIO_meth_set_ctrl(method, control)
        return method
    }
}

/// One that OpenSSL does not use.
private let refusedFlag: Int32 = 0x4000
private let retryFlags = BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY

private func sendBytes(_ bio: OpaquePointer?, _ bytes: UnsafePointer<CChar>?, _ count: Int32) -> Int32 {
    BIO_clear_flags(bio, retryFlags)
    var sent: Int
    repeat {
        sent = send(SocketBIO.descriptor(of: bio), bytes, Int(count), Int32(MSG_NOSIGNAL))
    } while sent < 0 && errno == EINTR
    if sent < 0, errno == EAGAIN { BIO_set_flags(bio, BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY) }
    return Int32(truncatingIfNeeded: sent)
}

private func receiveBytes(_ bio: OpaquePointer?, _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int32) -> Int32 {
    BIO_clear_flags(bio, retryFlags)
    guard BIO_test_flags(bio, refusedFlag) == 0 else {
        errno = ECONNABORTED
        return -1
    }
    var received: Int
    repeat { received = recv(SocketBIO.descriptor(of: bio), bytes, Int(count), 0) } while received < 0 && errno == EINTR
    if received < 0, errno == EAGAIN { BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY) }
    if received == 0 { BIO_set_flags(bio, BIO_FLAGS_IN_EOF) }
    return Int32(truncatingIfNeeded: received)
}

/// OpenSSL asks for flushing (there is nothing to flush) and whether the other end has finished.
private func control(_ bio: OpaquePointer?, _ command: Int32, _: Int, _: UnsafeMutableRawPointer?) -> Int {
    switch command {
    case BIO_CTRL_FLUSH: 1
    case BIO_CTRL_EOF: BIO_test_flags(bio, BIO_FLAGS_IN_EOF) == 0 ? 0 : 1
    default: 0
    }
}
