import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import Synchronization
import Tracing

/// Sends spans to a collector: OTLP over HTTP, in JSON.
///
/// Spans wait in a bounded queue. What a collector that is away does not take is dropped and counted: tracing never
/// holds the worker up.
final class OTLPExporter: Sendable {
    private struct State {
        var waiting: [FinishedSpan] = []
        var dropped = 0
    }

    static let capacity = 8_192
    private static let batch = 512
    private static let interval: Duration = .seconds(2)

    private let endpoint: String
    private let headers: [(String, String)]
    private let resource: [(String, String)]
    private let logger: Logger
    private let state = Mutex(State())
    private let client: HTTPClient

    init(_ configuration: TracingConfiguration, workerID: String, logger: Logger) {
        endpoint = configuration.tracesURL
        headers = configuration.headers
        resource = [
            ("service.name", configuration.serviceName), ("service.version", Version.text),
            ("service.instance.id", workerID),
        ]
        self.logger = logger
        var settings = HTTPClient.Configuration()
        // A traced request for spans would make another span, without end.
        settings.tracing.tracer = nil
        settings.timeout.connect = .seconds(5)
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
    }

    /// Takes a span; returns at once.
    func take(_ span: FinishedSpan) {
        state.withLock { state in
            if state.waiting.count < Self.capacity {
                state.waiting.append(span)
            } else {
                state.dropped += 1
            }
        }
    }

    /// Sends what gathers until the task is cancelled, then the rest.
    func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.interval)
            await flush()
        }
        // What is left is sent by a task of its own: this one is cancelled.
        await Task {
            await flush()
            try? await client.shutdown()
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
                logger.warning("Spans dropped: they come faster than they go", metadata: ["count": "\(dropped)"])
            }
            guard !spans.isEmpty else { return }
            do {
                try await send(spans)
            } catch is CancellationError {
                // The worker stops, and what is left is sent at its end.
                return state.withLock { $0.waiting.insert(contentsOf: spans, at: 0) }
            } catch {
                logger.warning(
                    "Spans dropped: the collector does not take them",
                    metadata: ["endpoint": "\(endpoint)", "count": "\(spans.count)", "reason": "\(error)"]
                )
                return
            }
        }
    }

    private func send(_ spans: [FinishedSpan]) async throws {
        var request = HTTPClientRequest(url: endpoint)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        let body = try JSONText.line(OTLPDocument(spans, resource: resource))
        request.body = .bytes(ByteBuffer(string: body))
        let answer = try await client.execute(request, timeout: .seconds(10))
        guard (200..<300).contains(answer.status.code) else { throw CollectorRefusal(status: answer.status.code) }
        _ = try await answer.body.collect(upTo: 1 << 20)
    }

    private struct CollectorRefusal: Error, CustomStringConvertible {
        var status: UInt
        var description: String { "it answers with status \(status)" }
    }
}

/// Where spans go, by OpenTelemetry's own variables.
struct TracingConfiguration: Sendable, Equatable {
    /// The collector's address without a path.
    var endpoint: String
    /// Headers for the collector, such as its key.
    var headers: [(String, String)] = []
    var serviceName = "payout-export-worker"
    /// The share of traces that are recorded, where the job's producer has not decided that.
    var ratio = 1.0

    /// Reads the settings; `nil` when no collector is named.
    init?(_ reader: inout SettingReader) {
        endpoint = reader.text("OTEL_EXPORTER_OTLP_ENDPOINT").trimmingCharacters(in: ["/", " "])
        serviceName = reader.text("OTEL_SERVICE_NAME")
        let ratio = Double(reader.text("OTEL_TRACES_SAMPLER_ARG"))
        if let ratio, (0...1).contains(ratio) {
            self.ratio = ratio
        } else {
            reader.problems.append("OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1.")
        }
        guard !endpoint.isEmpty else { return nil }
        guard let url = URL(string: endpoint), ["http", "https"].contains(url.scheme), url.host != nil else {
            reader.problems.append(
                "OTEL_EXPORTER_OTLP_ENDPOINT must be a collector's http address, such as http://localhost:4318."
            )
            return nil
        }
        for pair in reader.text("OTEL_EXPORTER_OTLP_HEADERS").split(separator: ",") {
            let sides = pair.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard sides.count == 2 else {
                reader.problems.append("OTEL_EXPORTER_OTLP_HEADERS must be name=value pairs separated by commas.")
                return nil
            }
            headers.append((sides[0], sides[1].removingPercentEncoding ?? sides[1]))
        }
    }

    var tracesURL: String { endpoint + "/v1/traces" }

    static func == (left: TracingConfiguration, right: TracingConfiguration) -> Bool {
        left.endpoint == right.endpoint && left.serviceName == right.serviceName && left.ratio == right.ratio
            && left.headers.elementsEqual(right.headers) { $0 == $1 }
    }
}
