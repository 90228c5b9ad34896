/// An answer, as it came: its head is whole, and its body may be cut.

package import HTTP

package struct ClientResponse: Sendable {
    private let received: ReceivedResponse

    init(_ received: ReceivedResponse) { self.received = received }

    package var status: Status { received.status }
    /// In the order they came.
    package var fields: [(name: String, value: String)] { received.fields }
    /// At most ``HTTPClientOptions/responseBytesMax``.
    package var body: [UInt8] { received.body }
    /// False where the body is longer, ended too soon or did not come in time: what is here is its beginning.
    package var isWhole: Bool { received.isWhole }

    /// The first value of the field, name compared in ASCII without case.
    package subscript(name: FieldName) -> String? { received[name] }
}
