package import NIOCore
package import NIOHTTP1

/// The answer to a request, body included, as ``HTTPTransport/send(_:)`` returns it.
package struct HTTPAnswer: Sendable {
    private enum Fields {
        case texts(HTTPHeaders)
        case bytes(AnswerFields)
    }

    package var status: Int
    package var body: ByteBuffer
    private let fields: Fields

    package init(status: Int, headers: HTTPHeaders = [:], body: ByteBuffer = ByteBuffer()) {
        self.status = status
        self.body = body
        fields = .texts(headers)
    }

    /// An answer whose body is still to come.
    init(_ head: AnswerHead) {
        status = head.status
        body = ByteBuffer()
        fields = .bytes(head.fields)
    }

    /// The fields of the head. Texts are made with each access, because most answers are read without them.
    package var headers: HTTPHeaders {
        switch fields {
        case .texts(let headers): headers
        case .bytes(let fields): fields.headers
        }
    }

    /// Whether the status is 200 to 299.
    package var isSuccess: Bool { 200..<300 ~= status }
}
