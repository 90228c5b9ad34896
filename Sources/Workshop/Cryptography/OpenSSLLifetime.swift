import COpenSSL

/// How long OpenSSL's tables live.
package enum OpenSSLLifetime {
    /// They stay until the process is gone, and the kernel frees them. OpenSSL would free them in `exit` (OPENSSL_init_crypto(3)), and a hash
    /// that is still computed then, after the grace of a stop, would read freed memory and end the process by a signal instead of status 0.
    /// To be called before anything else of OpenSSL.
    package static func lastsAsLongAsTheProcess() {
        OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
    }
}
