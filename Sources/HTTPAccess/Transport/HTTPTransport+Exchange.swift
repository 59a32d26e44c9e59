import AsyncHTTPClient
import NIOCore
import NIOHTTP1

extension HTTPTransport {
    /// Sends a request and waits for the whole answer, body included, within the request's time-out.
    ///
    /// - Throws: ``TransportFault``, or `CancellationError` when the task was cancelled.
    nonisolated(nonsending) package func send(_ outgoing: OutgoingRequest) async throws -> HTTPAnswer {
        try Task.checkCancellation()
        // API calls have connections of their own, which cost less, unless they go through a proxy.
        if outgoing.isCall, outgoing.decodesAnswer, let route = try calls?.route(outgoing.url) {
            return try await route.host.send(outgoing, rest: route.rest)
        }
        return try await sendByClient(outgoing)
    }

    /// Sends a request with the HTTP client. Not inlined, so that the frames of API calls stay small.
    @inline(never)
    nonisolated(nonsending) private func sendByClient(_ outgoing: OutgoingRequest) async throws -> HTTPAnswer {
        let collector = AnswerCollector(maximumSize: outgoing.maximumAnswerSize)
        do {
            let request = try HTTPClient.Request(
                url: outgoing.url,
                method: outgoing.method,
                headers: outgoing.headers,
                body: outgoing.body.map { .byteBuffer($0) }
            )
            // The delegate interface bounds the answer's body by the deadline too, and costs less than the
            // asynchronous one, which starts several tasks for each request.
            let client = client(for: outgoing.url, decodes: outgoing.decodesAnswer)
            let task = client.execute(
                request: request,
                delegate: collector,
                eventLoop: eventLoops(of: request),
                deadline: .now() + outgoing.timeout.asTimeout
            )
            return try await withTaskCancellationHandler {
                try await task.get()
            } onCancel: {
                task.cancel()
            }
        } catch {
            if Task.isCancelled { throw CancellationError() }
            if let answer = collector.emptyAnswer(after: error, to: outgoing.method) { return answer }
            throw TransportFault(error, sending: outgoing)
        }
    }

    /// Where the connection and the delegate of a request run. A request with a body has one event loop for both: between two of
    /// them, a server that answers before it has the whole body, and closes the connection then, makes the HTTP client end the
    /// process. Requests to a host share a loop, because only those of one loop share connections.
    private func eventLoops(of request: HTTPClient.Request) -> HTTPClient.EventLoopPreference {
        guard request.body != nil else { return .indifferent }
        let index = UInt(bitPattern: request.host.hashValue) % UInt(executors.count)
        return .delegateAndChannel(on: executors[Int(index)].eventLoop)
    }
}
