import Tracing

/// What makes spans, as a collector shows it.
package struct SpanOrigin: Sendable {
    /// The name of the program that is instrumented.
    package var library: String
    /// The program's version.
    package var version: String
    /// Attributes of the process, by OpenTelemetry's names such as `service.name`.
    package var resource: [(String, String)]

    /// Creates an origin.
    package init(library: String, version: String, resource: [(String, String)]) {
        self.library = library
        self.version = version
        self.resource = resource
    }
}

/// Spans as OTLP's JSON encoding has them (`ExportTraceServiceRequest`).
struct OTLPDocument: Encodable, Sendable {
    struct Value: Encodable {
        var stringValue: String?
        /// 64-bit numbers are strings in Protobuf's JSON.
        var intValue: String?
        var doubleValue: Double?
        var boolValue: Bool?
    }

    struct Attribute: Encodable {
        var key: String
        var value: Value
    }

    struct Link: Encodable {
        var traceId: String
        var spanId: String
        var traceState: String?
    }

    struct Event: Encodable {
        var timeUnixNano: String
        var name: String
        var attributes: [Attribute]
    }

    struct Status: Encodable {
        var code: Int
        var message: String?
    }

    struct Span: Encodable {
        var traceId: String
        var spanId: String
        var parentSpanId: String?
        var traceState: String?
        var name: String
        var kind: Int
        var startTimeUnixNano: String
        var endTimeUnixNano: String
        var attributes: [Attribute]
        var events: [Event]
        var links: [Link]
        var status: Status
    }

    struct Scope: Encodable {
        var name: String
        var version: String
    }

    struct ScopeSpans: Encodable {
        var scope: Scope
        var spans: [Span]
    }

    struct Resource: Encodable {
        var attributes: [Attribute]
    }

    struct ResourceSpans: Encodable {
        var resource: Resource
        var scopeSpans: [ScopeSpans]
    }

    var resourceSpans: [ResourceSpans]

    /// - Parameter origin: what made the spans.
    init(_ spans: [FinishedSpan], origin: SpanOrigin) {
        let attributes = origin.resource.map { Attribute(key: $0.0, value: Value(stringValue: $0.1)) }
        let scope = Scope(name: origin.library, version: origin.version)
        resourceSpans = [
            ResourceSpans(
                resource: Resource(attributes: attributes),
                scopeSpans: [ScopeSpans(scope: scope, spans: spans.map { Span($0) })]
            )
        ]
    }
}

extension OTLPDocument.Span {
    init(_ span: FinishedSpan) {
        self.init(
            traceId: span.identity.traceID,
            spanId: span.identity.spanID,
            parentSpanId: span.parentSpanID,
            traceState: span.identity.state,
            name: span.name,
            kind: span.kind.number,
            startTimeUnixNano: String(span.start),
            endTimeUnixNano: String(span.end),
            attributes: OTLPDocument.attributes(span.attributes),
            events: span.events.map {
                OTLPDocument.Event(
                    timeUnixNano: String($0.nanosecondsSinceEpoch),
                    name: $0.name,
                    attributes: OTLPDocument.attributes($0.attributes)
                )
            },
            links: span.links.map {
                OTLPDocument.Link(traceId: $0.traceID, spanId: $0.spanID, traceState: $0.state)
            },
            status: OTLPDocument.Status(
                code: span.status.map { $0.code == .error ? 2 : 1 } ?? 0,
                message: span.status?.message
            )
        )
    }
}

extension OTLPDocument {
    static func attributes(_ attributes: SpanAttributes) -> [Attribute] {
        var all: [Attribute] = []
        attributes.forEach { key, value in all.append(Attribute(key: key, value: Value(value))) }
        return all.sorted { $0.key < $1.key }
    }
}

extension OTLPDocument.Value {
    init(_ attribute: SpanAttribute) {
        switch attribute {
        case .int32(let value): self.init(intValue: String(value))
        case .int64(let value): self.init(intValue: String(value))
        case .double(let value): self.init(doubleValue: value)
        case .bool(let value): self.init(boolValue: value)
        case .string(let value): self.init(stringValue: value)
        case .stringConvertible(let value): self.init(stringValue: "\(value)")
        case .stringArray(let values): self.init(stringValue: values.joined(separator: ","))
        default: self.init(stringValue: "\(attribute)")
        }
    }
}

extension SpanKind {
    fileprivate var number: Int {
        switch self {
        case .internal: 1
        case .server: 2
        case .client: 3
        case .producer: 4
        case .consumer: 5
        }
    }
}
