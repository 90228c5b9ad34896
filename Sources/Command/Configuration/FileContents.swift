import Foundation
import Telemetry

/// Why a file cannot be used: its path, and the operating system's reason.
struct FileRefused: Error, Equatable, CustomStringConvertible {
    let path: String
    let reason: String

    init(_ path: String, _ reason: String) { (self.path, self.reason) = (path, reason) }

    init(_ path: String, errno number: Int32) { self.init(path, SystemWords.words(errno: number)) }

    init(_ path: String, _ error: any Error) { self.init(path, SystemWords.words(error)) }

    /// `/etc/keyturn/secret: Permission denied`
    var description: String { "\(Printable.text(path)): \(reason)" }
}

/// A whole file in memory: configuration, secrets, certificates, templates.
enum FileContents {
    /// The largest file that is read whole.
    static let bytesMax = 64 << 20
    private static let pieceBytes = 1 << 16

    /// Reads a file, or a pipe such as `/dev/fd/63`, to its end.
    static func bytes(of path: String) throws(FileRefused) -> [UInt8] {
        // The path is borrowed for the call.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileRefused(path, errno: errno) }
        defer { _ = close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: pieceBytes)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileRefused(path, errno: errno) }
            if count == 0 { return bytes }
            guard bytes.count + count <= bytesMax else { throw FileRefused(path, "larger than \(bytesMax >> 20) MiB") }
            bytes += piece[..<count]
        }
    }
}
