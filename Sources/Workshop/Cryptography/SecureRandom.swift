import COpenSSL

/// Random bytes fit for keys and salts.
package enum SecureRandom {
    package static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            // No caller asks for 2 GiB, and no count comes from outside.
            let status = RAND_bytes(buffer.baseAddress, Int32(count))
            // Fails only where the system has no randomness to give, which no input can bring about. Whatever went on
            // from here would sign with guessable keys, and a caller could only stop too: better here than forgotten.
            precondition(status == 1, "the system gives no random bytes")
            initialized = count
        }
    }

    /// Characters out of `alphabet`, all equally likely.
    /// - Parameter alphabet: 1 to 256 ASCII characters, without repetition.
    package static func text(_ count: Int, from alphabet: [UInt8]) -> String {
        // Bytes from here up would make the first characters likelier.
        let fair = 256 - 256 % alphabet.count
        var characters: [UInt8] = []
        while characters.count < count {
            characters += bytes(count).lazy.map(Int.init).filter { $0 < fair }.map { alphabet[$0 % alphabet.count] }
        }
        return String(decoding: characters.prefix(count), as: UTF8.self)
    }
}
