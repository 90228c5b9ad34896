import CArgon2
import Glibc

/// libargon2, loaded at run time.
struct LibArgon2: @unchecked Sendable {
    // Unchecked, because a pointer to a C function is never changed, and the function may be called by several threads at once.
    private static let soname = "libargon2.so.1"
    private static let types: [Argon2.Variant: Int32] = [.i: 1, .id: 2]

    /// nil if the machine has none, or one that does not compute what RFC 9106 says.
    static let shared = LibArgon2()

    private let context: keyturn_argon2_ctx

    /// Stays loaded until the process ends.
    private init?() {
        guard let handle = dlopen(Self.soname, RTLD_NOW | RTLD_LOCAL) else { return nil }
        guard let symbol = dlsym(handle, "argon2_ctx") else {
            dlclose(handle)
            return nil
        }
        // The only symbol of that name has had this type in all versions of this soname.
        context = unsafeBitCast(symbol, to: keyturn_argon2_ctx.self)
        guard isRight else {
            dlclose(handle)
            return nil
        }
    }

    /// The library tells no version: it is asked what it makes of a known password, in the oldest and the newest form.
    private var isRight: Bool {
        let salt = Array("0123456789abcdef".utf8), cost = Argon2.Cost(memoryKiB: 64, passes: 1, lanes: 1)
        let password = Array("correct horse".utf8)
        let key = try? derive(password, salt: salt, variant: .id, version: .current, cost: cost, byteCount: 32)
        let old = try? derive(password, salt: salt, variant: .i, version: .old, cost: cost, byteCount: 32)
        return key.map { Base64.encode($0, padded: false) } == "MjZP1+1U9JUbDWvDvtLyEsZiNXOKEUxfi6O2oe46uxA"
            && old != nil
    }

    /// - Parameter cost: one that ``Argon2/Cost/isDefined``; every length fits 32 bits.
    func derive(
        _ password: [UInt8], salt: [UInt8], variant: Argon2.Variant, version: Argon2.Version, cost: Argon2.Cost,
        byteCount: Int
    ) throws(DerivationFailed) -> [UInt8] {
        guard let type = Self.types[variant] else { throw .parameters }
        var (password, salt) = (password, salt)
        var key = [UInt8](repeating: 0, count: byteCount)
        let status = key.withUnsafeMutableBufferPointer { key in
            password.withUnsafeMutableBufferPointer { password in
                salt.withUnsafeMutableBufferPointer { salt in
                    var call = keyturn_argon2_context()
                    (call.out, call.outlen) = (key.baseAddress, UInt32(key.count))
                    (call.pwd, call.pwdlen) = (password.baseAddress, UInt32(password.count))
                    (call.salt, call.saltlen) = (salt.baseAddress, UInt32(salt.count))
                    (call.t_cost, call.m_cost) = (UInt32(cost.passes), UInt32(cost.memoryKiB))
                    // One thread, whatever the lanes: the pool's own, with its low priority.
                    (call.lanes, call.threads) = (UInt32(cost.lanes), 1)
                    call.version = version.rawValue
                    return context(&call, type)
                }
            }
        }
        guard status == 0 else { throw .library(code: UInt(bitPattern: Int(status))) }
        return key
    }
}
