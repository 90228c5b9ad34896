import Cryptography
import StrictJSON

/// The header of all tokens of one kind: `{"alg":"HS256","typ":…}`. The algorithm is ours to choose, not the token's: there is only one.
package struct JWTHeader: Sendable {
    /// What `typ` must be, byte for byte; one kind of token is never taken for another.
    private let type: String
    /// In base64url, as ``JWT/sign(_:under:key:)`` writes it.
    let bytes: [UInt8]

    package init(type: String) {
        self.type = type
        let header = JSON.members(("alg", .string("HS256")), ("typ", .string(type)))
        bytes = Array(Base64URL.encode(header.write()).utf8)
    }

    /// - Parameter header: in any spelling: other members' order and blanks are not ours to choose.
    func check(_ header: JSON) throws(JWTRefused) {
        // `JSON ==` compares bytes.
        guard header["alg"] == .string("HS256") else { throw .algorithm }
        guard header["typ"] == .string(type) else { throw .type }
        guard header.objectValue?.count == 2 else { throw .headerMember }
    }
}
