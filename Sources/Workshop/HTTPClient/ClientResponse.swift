/// A whole answer, as it came.

package import HTTP

package struct ClientResponse: Sendable {
    private let received: ReceivedResponse

    init(_ received: ReceivedResponse) { self.received = received }

    package var status: Status { received.status }
    /// In the order they came.
    package var fields: [(name: String, value: String)] { received.fields }
    package var body: [UInt8] { received.body }

    /// The first value of the field, name compared in ASCII without case.
    package subscript(name: FieldName) -> String? { received[name] }
}
