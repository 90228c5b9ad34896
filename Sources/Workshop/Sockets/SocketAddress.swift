/// Where a socket is, and its form in the kernel's structures.
import CLinux
import Glibc

package enum SocketAddress: Sendable, Hashable {
    /// 4 or 16 bytes and a port. An IPv4 address mapped into IPv6 counts as IPv4.
    case ip(bytes: [UInt8], port: UInt16)
    /// At most 107 bytes; empty for the unnamed end of a connection.
    case unix(path: String)
}

extension SocketAddress {
    var family: Int32 {
        switch self {
        case .ip(let bytes, _): bytes.count == 4 ? AF_INET : AF_INET6
        case .unix: AF_UNIX
        }
    }

    /// Lends the address in the kernel's form.
    /// - Throws: `EINVAL` for a number of bytes that no address has, `ENAMETOOLONG` for a path that does not fit.
    func withKernelForm<Result>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) throws(SocketFailed) -> Result
    ) throws(SocketFailed) -> Result {
        switch self {
        case .ip(let bytes, let port) where bytes.count == 4:
            var form = sockaddr_in()
            form.sin_family = sa_family_t(AF_INET)
            form.sin_port = port.bigEndian
            withUnsafeMutableBytes(of: &form.sin_addr) { $0.copyBytes(from: bytes) }
            return try lend(form, body)
        case .ip(let bytes, let port) where bytes.count == 16:
            var form = sockaddr_in6()
            form.sin6_family = sa_family_t(AF_INET6)
            form.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &form.sin6_addr) { $0.copyBytes(from: bytes) }
            return try lend(form, body)
        case .ip:
            throw .system(call: "sockaddr", errno: EINVAL)
        case .unix(let path):
            var form = sockaddr_un()
            form.sun_family = sa_family_t(AF_UNIX)
            let bytes = Array(path.utf8)
            guard bytes.count < MemoryLayout.size(ofValue: form.sun_path), !bytes.contains(0) else {
                throw .system(call: "sockaddr", errno: ENAMETOOLONG)
            }
            withUnsafeMutableBytes(of: &form.sun_path) { $0.copyBytes(from: bytes) }
            return try lend(form, body)
        }
    }

    private func lend<Form, Result>(
        _ form: Form, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(SocketFailed) -> Result
    ) throws(SocketFailed) -> Result {
        let outcome = withUnsafeBytes(of: form) { bytes -> Swift.Result<Result, SocketFailed> in
            // A sockaddr is what every form begins with.
            let address = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
            do throws(SocketFailed) { return .success(try body(address, socklen_t(bytes.count))) } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    /// What `fill` (accept, getsockname, getpeername) wrote.
    static func filled<Result>(
        by fill: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Result
    ) -> (Result, SocketAddress) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutableBytes(of: &storage) { bytes in
            // A sockaddr_storage is as large as any form and not empty.
            let result = fill(bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length)
            return (result, SocketAddress(UnsafeRawBufferPointer(bytes), length: Int(length)))
        }
    }

    /// An unnamed or unknown kind of address is `.unix(path: "")`.
    init(_ storage: UnsafeRawBufferPointer, length: Int) {
        let family = length >= 2 ? Int32(storage.load(as: sa_family_t.self)) : AF_UNSPEC
        switch family {
        case AF_INET where length >= MemoryLayout<sockaddr_in>.size:
            self = .ip(bytes: Array(storage[4..<8]), port: storage.load(fromByteOffset: 2, as: UInt16.self).bigEndian)
        case AF_INET6 where length >= MemoryLayout<sockaddr_in6>.size:
            let port = storage.load(fromByteOffset: 2, as: UInt16.self).bigEndian
            let isMapped = storage[8..<18].allSatisfy { $0 == 0 } && storage[18] == 0xff && storage[19] == 0xff
            self = .ip(bytes: Array(storage[isMapped ? 20..<24 : 8..<24]), port: port)
        case AF_UNIX:
            let path = storage[2..<min(length, storage.count)].prefix { $0 != 0 }
            self = .unix(path: String(decoding: path, as: UTF8.self))
        default:
            self = .unix(path: "")
        }
    }
}
