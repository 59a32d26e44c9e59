import NIOCore
import Synchronization

/// An S3 implementation that keeps only the lengths of objects. It is for measurements, in which the memory of an
/// implementation that keeps objects would dominate. It checks neither signatures nor checksums.
public final class S3Sink: Sendable {
    private let received = Mutex<Int64>(0)

    /// Creates a sink.
    public init() {}

    /// Bytes of bodies so far.
    public var receivedBytes: Int64 { received.withLock { $0 } }

    /// The answer to a request.
    public func reply(to request: StandInRequest) -> StandInReply {
        received.withLock { $0 += Int64(request.body.readableBytes) }
        switch (request.method, request.item("uploads"), request.item("uploadId")) {
        case ("POST", .some, _):
            return Self.document("InitiateMultipartUploadResult", "<UploadId>upload</UploadId>")
        case ("POST", nil, .some): return Self.document("CompleteMultipartUploadResult", "<ETag>tag</ETag>")
        case ("PUT", _, _): return StandInReply(200, headers: [("ETag", "\"tag\"")])
        case ("DELETE", _, _): return StandInReply(204)
        default: return StandInReply(200)
        }
    }

    private static func document(_ element: String, _ content: String) -> StandInReply {
        let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
        return StandInReply(
            200,
            headers: [("Content-Type", "application/xml")],
            body: #"<\#(element) xmlns="\#(namespace)"><Bucket>b</Bucket><Key>k</Key>\#(content)</\#(element)>"#
        )
    }
}
