import Foundation
package import HTTPAccess
package import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Synchronization
import Tracing
import WorkerRuntime

/// Sends spans to a collector: OTLP over HTTP, in JSON.
///
/// Spans wait in a bounded queue. While the collector is unavailable, spans are dropped and counted: tracing never blocks
/// the worker.
package final class OTLPExporter: Service {
    private struct State {
        var waiting: [FinishedSpan] = []
        var dropped = 0
    }

    private static let capacity = 8_192
    private static let batch = 512
    private static let interval: Duration = .seconds(2)

    private let endpoint: String
    private let headers: [(String, String)]
    private let origin: SpanOrigin
    private let logger: Logger
    private let state = Mutex(State())
    private let transport: HTTPTransport

    /// Creates an exporter; nothing is sent before ``run()``.
    ///
    /// - Parameters:
    ///   - endpoint: the collector's URL.
    ///   - headers: headers for the collector, such as its key.
    ///   - origin: the worker that creates the spans.
    ///   - network: how the collector is reached.
    ///   - logger: where dropped spans are logged.
    package init(
        endpoint: String,
        headers: [(String, String)] = [],
        origin: SpanOrigin,
        network: NetworkSettings = NetworkSettings(),
        logger: Logger
    ) {
        self.endpoint = endpoint
        self.headers = headers
        self.origin = origin
        self.logger = logger
        var configuration = HTTPTransport.Configuration()
        configuration.connectTimeout = .seconds(5)
        configuration.network = network
        transport = HTTPTransport(configuration: configuration)
    }

    /// Queues a span; returns at once.
    package func enqueue(_ span: FinishedSpan) {
        state.withLock { state in
            if state.waiting.count < Self.capacity {
                state.waiting.append(span)
            } else {
                state.dropped += 1
            }
        }
    }

    /// Sends queued spans until graceful shutdown or cancellation, then the rest.
    package func run() async {
        await cancelWhenGracefulShutdown { while await slept(for: Self.interval) { await self.flush() } }
        // This task may be cancelled, so another one sends the rest.
        await Task {
            await flush()
            try? await transport.shutdown()
        }.value
    }

    func flush() async {
        while true {
            let (spans, dropped) = state.withLock { state in
                let spans = Array(state.waiting.prefix(Self.batch))
                state.waiting.removeFirst(spans.count)
                defer { state.dropped = 0 }
                return (spans, state.dropped)
            }
            if dropped > 0 {
                logger.warning("Spans dropped, the export queue is full", metadata: ["count": "\(dropped)"])
            }
            guard !spans.isEmpty else { return }
            do {
                try await send(spans)
            } catch is CancellationError {
                // The worker is stopping. The rest is sent at its end.
                return state.withLock { $0.waiting.insert(contentsOf: spans, at: 0) }
            } catch {
                logger.warning(
                    "Spans dropped, the collector does not accept them",
                    metadata: ["endpoint": "\(endpoint)", "count": "\(spans.count)", "error.message": "\(error)"]
                )
                return
            }
        }
    }

    private func send(_ spans: [FinishedSpan]) async throws {
        var fields: HTTPHeaders = ["content-type": "application/json"]
        for (name, value) in headers { fields.replaceOrAdd(name: name, value: value) }
        // Without a span of its own: a traced request for spans would create another span, endlessly.
        let answer = try await transport.open(
            OutgoingRequest(
                method: .POST,
                url: endpoint,
                headers: fields,
                body: ByteBuffer(bytes: try JSONEncoder().encode(OTLPDocument(spans, origin: origin))),
                timeout: .seconds(10),
                decodesAnswer: false
            )
        )
        guard 200..<300 ~= answer.status else { throw CollectorRefusal(status: answer.status) }
        // The body is read only to reuse the connection. A slow one must not delay the next spans.
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = try? await answer.body.collect(upTo: 1 << 16) }
            group.addTask { _ = await slept(for: .seconds(10)) }
            await group.next()
            group.cancelAll()
        }
    }

    private struct CollectorRefusal: Error, CustomStringConvertible {
        var status: Int
        var description: String { "it answers with status \(status)" }
    }
}
