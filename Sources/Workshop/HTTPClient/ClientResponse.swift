/// A whole answer, as it came.

package import HTTP

package struct ClientResponse: Sendable {
    package let status: Status
    /// In the order they came.
    package let fields: [(name: String, value: String)]
    package let body: [UInt8]
    private let received: ReceivedResponse

    init(_ received: ReceivedResponse) {
        self.received = received
        status = received.status
        fields = received.fields
        body = received.body
    }

    /// The first value of the field, name compared in ASCII without case.
    package subscript(name: FieldName) -> String? { received[name] }
}
