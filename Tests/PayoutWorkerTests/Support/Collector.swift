import Foundation
import HTTPListening
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// A collector of traces that stores the received spans.
final class Collector: Sendable {
    /// A received span.
    struct Span: Sendable {
        var name: String
        var kind: Int
        var traceID: String
        var spanID: String
        var parentID: String?
        var links: [String]
        var attributes: [String: String]
        var service: String
    }

    private let state = Mutex<[Span]>([])
    private let listener = Mutex<HTTPListener?>(nil)

    var spans: [Span] { state.withLock { $0 } }

    func named(_ name: String) -> [Span] { spans.filter { $0.name == name } }

    /// Starts it on a free port. Returns its address.
    func start() async throws -> String {
        var quiet = Logger(label: "collector")
        quiet.logLevel = .critical
        let responder = CallbackResponder<BasicRequestContext> { [self] request, _ in
            let body = try await request.body.collect(upTo: 16 << 20)
            store(Data(body.readableBytesView))
            return Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: "{}")))
        }
        let started = try await HTTPListener.start(
            responder,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            limits: ConnectionLimits(),
            logger: quiet
        )
        listener.withLock { $0 = started }
        return "http://127.0.0.1:\(started.port)"
    }

    func stop() async { await listener.withLock { $0 }?.stop() }

    private func store(_ data: Data) {
        guard let document = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else { return }
        for resource in document["resourceSpans"] as? [[String: Any]] ?? [] {
            let own = resource["resource"] as? [String: Any] ?? [:]
            let service = Self.attributes(own)["service.name"] ?? ""
            for scope in resource["scopeSpans"] as? [[String: Any]] ?? [] {
                let spans = (scope["spans"] as? [[String: Any]] ?? []).map { Self.span($0, service) }
                state.withLock { $0 += spans }
            }
        }
    }

    private static func span(_ span: [String: Any], _ service: String) -> Span {
        Span(
            name: span["name"] as? String ?? "",
            kind: span["kind"] as? Int ?? 0,
            traceID: span["traceId"] as? String ?? "",
            spanID: span["spanId"] as? String ?? "",
            parentID: span["parentSpanId"] as? String,
            links: (span["links"] as? [[String: Any]] ?? []).compactMap { $0["spanId"] as? String },
            attributes: attributes(span),
            service: service
        )
    }

    private static func attributes(_ holder: [String: Any]) -> [String: String] {
        var all: [String: String] = [:]
        for attribute in holder["attributes"] as? [[String: Any]] ?? [] {
            guard let key = attribute["key"] as? String, let value = attribute["value"] as? [String: Any] else {
                continue
            }
            all[key] = (value["stringValue"] ?? value["intValue"]).map { "\($0)" }
        }
        return all
    }
}
