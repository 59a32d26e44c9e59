import HTTPTypes
import NIOCore

/// The parts of a request that the service uses.
struct ServiceRequest: Sendable {
    var method: HTTPRequest.Method
    /// Without the query.
    var path: String
    /// Without the question mark; empty for none.
    var query: String
    var fields: HTTPFields
    var body: [UInt8] = []
}

/// The server's action for a request.
struct ServiceReply: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        case blob(BlobTransfer)
        case journal(JournalPage.Form)
    }

    var status: Int
    var fields = HTTPFields()
    var body = Body.bytes([])
    /// How long to wait before answering, in nanoseconds.
    var delay: Int64 = 0
    /// Whether the connection closes instead of an answer.
    var closesConnection = false

    init(status: Int) {
        self.status = status
    }

    static func json(_ bytes: [UInt8], status: Int = 200) -> Self {
        var reply = Self(status: status)
        reply.fields[.contentType] = "application/json; charset=utf-8"
        reply.body = .bytes(bytes)
        return reply
    }

    /// The connection closes without a response.
    static var closed: Self {
        var reply = Self(status: 0)
        reply.closesConnection = true
        return reply
    }
}

/// One download: what is sent, and what goes wrong with it.
struct BlobTransfer: Sendable {
    /// What `Content-MD5` says.
    enum Checksum: Sendable {
        case none
        case right
        case wrong
    }

    var content: BlobContent
    var range: Range<Int>
    var fault: FaultPlan.Drawn.Body?
    var checksum = Checksum.none
    /// False for a `HEAD` request.
    var sendsBody = true
    /// The export's position in the journal, and the journal's generation.
    var index: Int
    var generation: Int
}

extension HTTPField.Name {
    static let msRequestID = known("ms-requestid")
    static let msCorrelationID = known("ms-correlationid")
    static let clientRequestID = known("client-request-id")
    static let requestID = known("request-id")
    static let timestamp = known("timestamp")
    static let contentMD5 = known("Content-MD5")
    static let blobContentMD5 = known("x-ms-blob-content-md5")
    static let blobType = known("x-ms-blob-type")
    static let storageVersion = known("x-ms-version")
    static let storageErrorCode = known("x-ms-error-code")

    /// Only for the constant names above.
    private static func known(_ name: String) -> Self {
        guard let name = Self(name) else { preconditionFailure("Not a header name: \(name)") }
        return name
    }
}
