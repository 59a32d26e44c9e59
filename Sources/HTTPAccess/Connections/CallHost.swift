import NIOCore
import NIOHTTP1
import NIOPosix

/// Sends calls to one server, from any thread.
final class CallHost: Sendable {
    let eventLoop: any EventLoop
    /// The value of the `Host` header.
    private let authority: String
    private let connections: NIOLoopBoundBox<HostConnections>

    init(_ target: CallTarget, _ settings: CallConnections.Settings) {
        let eventLoop = NIOSingletons.posixEventLoopGroup.next()
        self.eventLoop = eventLoop
        authority = target.authority
        connections = .makeBoxSendingValue(HostConnections(target, settings, eventLoop), eventLoop: eventLoop)
    }

    /// Sends a request and waits for the whole answer.
    ///
    /// - Parameter rest: The URL after its host and port.
    nonisolated(nonsending) func send(_ outgoing: OutgoingRequest, rest: Substring) async throws -> HTTPAnswer {
        let call = PendingCall(
            method: outgoing.method,
            head: try ByteBuffer(outgoing, authority: authority, rest: rest),
            body: outgoing.body,
            limits: ExchangeState.Limits(body: outgoing.maximumAnswerSize),
            deadline: .now() + outgoing.timeout.asTimeout,
            isIdempotent: outgoing.isIdempotent
        )
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                call.begin { continuation.resume(with: $0) }
                run { $0.submit(call) }
            }
        } onCancel: {
            eventLoop.execute { self.connections.value.cancel(call) }
        }
    }

    /// Closes every connection; calls fail.
    func shutDown() async {
        // A future that never fails.
        try? await eventLoop.flatSubmit { self.connections.value.shutDown() }.get()
    }

    /// As ``shutDown()``, without waiting.
    func close() {
        eventLoop.execute { [connections] in _ = connections.value.shutDown() }
    }

    /// Runs at once on the event loop's own thread, where ``HTTPTransport/taskExecutor()`` runs tasks.
    private func run(_ body: @escaping @Sendable (HostConnections) -> Void) {
        if eventLoop.inEventLoop { return body(connections.value) }
        eventLoop.execute { body(self.connections.value) }
    }
}
