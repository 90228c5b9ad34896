import Foundation
import Keyturn
import Telemetry

/// The bytes of an import, a piece at a time. They are read twice: once to know what the file is, once to write it. What cannot be read
/// twice (standard input, a pipe) is kept in memory.
final class ImportSource {
    private static let pieceBytes = 1 << 20
    /// Of what cannot be read twice.
    static let memoryMax = 512 << 20

    private enum Origin {
        case file(FileHandle)
        case memory([[UInt8]])
    }

    private let origin: Origin
    /// In bytes.
    private let size: Int
    private var bytesRead = 0
    private var place = 0

    /// - Throws: ``CommandFailed``.
    init(_ path: String) throws {
        if path == "-" {
            (origin, size) = try Self.kept(.standardInput)
            return
        }
        let handle: FileHandle
        do { handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path)) } catch {
            throw CommandFailed("cannot read \(FileRefused(path, error))")
        }
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        if attributes?[.type] as? FileAttributeType == .typeRegular, let bytes = attributes?[.size] as? Int {
            (origin, size) = (.file(handle), bytes)
        } else {
            (origin, size) = try Self.kept(handle)
        }
    }

    private static func kept(_ handle: FileHandle) throws -> (Origin, Int) {
        var (pieces, count): ([[UInt8]], Int) = ([], 0)
        while let piece = try piece(of: handle) {
            count += piece.count
            guard count <= memoryMax else {
                throw CommandFailed("this is more than \(memoryMax >> 20) MiB: put it into a file, and name the file")
            }
            pieces.append(piece)
        }
        return (.memory(pieces), count)
    }

    private static func piece(of handle: FileHandle) throws -> [UInt8]? {
        let piece: Data?
        do { piece = try handle.read(upToCount: pieceBytes) } catch {
            throw CommandFailed("cannot read the file to its end: \(SystemWords.words(error))")
        }
        guard let piece, !piece.isEmpty else { return nil }
        return Array(piece)
    }

    /// How much was read since the beginning, in percent.
    var share: Int { size > 0 ? min(100, bytesRead * 100 / size) : 100 }

    /// nil at the end.
    func next() throws -> [UInt8]? {
        let piece: [UInt8]?
        switch origin {
        case .file(let handle): piece = try Self.piece(of: handle)
        case .memory(let pieces):
            piece = place < pieces.count ? pieces[place] : nil
            place += 1
        }
        bytesRead += piece?.count ?? 0
        return piece
    }

    func rewind() throws {
        (bytesRead, place) = (0, 0)
        guard case .file(let handle) = origin else { return }
        do { try handle.seek(toOffset: 0) } catch {
            throw CommandFailed("cannot read the file again: \(SystemWords.words(error))")
        }
    }
}
