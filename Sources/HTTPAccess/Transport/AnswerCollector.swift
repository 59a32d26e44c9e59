import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import Synchronization

/// Collects the head and the body of one answer, for ``HTTPTransport/send(_:)``. Every method is called on the request's
/// event loop, one after another; the mutex makes that visible to the compiler.
final class AnswerCollector: HTTPClientResponseDelegate {
    typealias Response = HTTPAnswer

    private struct State {
        var head: HTTPResponseHead?
        var body = ByteBuffer()
    }

    private let maximumSize: Int
    private let state = Mutex(State())

    init(maximumSize: Int) {
        self.maximumSize = maximumSize
    }

    func didReceiveHead(task: HTTPClient.Task<Response>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
        state.withLock { $0.head = head }
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(task: HTTPClient.Task<Response>, _ part: ByteBuffer) -> EventLoopFuture<Void> {
        let fits = state.withLock { state in
            guard state.body.readableBytes + part.readableBytes <= maximumSize else { return false }
            if state.body.readableBytes == 0 {
                state.body = part
            } else {
                state.body.writeImmutableBuffer(part)
            }
            return true
        }
        return fits
            ? task.eventLoop.makeSucceededVoidFuture() : task.eventLoop.makeFailedFuture(AnswerTooBigError())
    }

    /// The answer, where it has no body but a content coding: the HTTP client's decompressor takes the empty body for a truncated
    /// one.
    ///
    /// - Parameters:
    ///   - error: What ended the request.
    ///   - method: The request's method.
    func emptyAnswer(after error: any Error, to method: HTTPMethod) -> HTTPAnswer? {
        guard error as? NIOHTTPDecompression.ExtraDecompressionError == .truncatedData,
            let head = state.withLock({ $0.head })
        else { return nil }
        let isEmpty =
            method == .HEAD || [204, 304].contains(head.status.code)
            || head.headers.first(name: "content-length") == "0"
        return isEmpty ? HTTPAnswer(status: Int(head.status.code), headers: head.headers) : nil
    }

    func didFinishRequest(task: HTTPClient.Task<Response>) throws -> HTTPAnswer {
        try state.withLock { state in
            guard let head = state.head else { throw HTTPClientError.remoteConnectionClosed }
            return HTTPAnswer(status: Int(head.status.code), headers: head.headers, body: state.body)
        }
    }
}

/// The answer is larger than the request allows.
struct AnswerTooBigError: Error {}
