import Synchronization
package import Tracing

/// A span that has ended.
package struct FinishedSpan: Sendable {
    var name: String
    var kind: SpanKind
    var identity: SpanIdentity
    var parentSpanID: String?
    /// Nanoseconds since the Unix epoch.
    var start: UInt64
    var end: UInt64
    var attributes: SpanAttributes
    var links: [SpanIdentity]
    var events: [SpanEvent]
    var status: SpanStatus?
}

/// A tracer with W3C's trace context that passes every ended span to a receiver.
///
/// Whether to record a trace is decided at random at its root. A parent's decision is kept.
package final class RecordingTracer: Tracer {
    package typealias Span = RecordedSpan

    private let ratio: Double
    private let receive: @Sendable (FinishedSpan) -> Void

    /// - Parameters:
    ///   - ratio: the share of new traces that are recorded, from 0 to 1.
    ///   - receive: receives each ended span, on any thread.
    package init(ratio: Double = 1, receive: @escaping @Sendable (FinishedSpan) -> Void) {
        self.ratio = ratio
        self.receive = receive
    }

    package func startSpan<Instant: TracerInstant>(
        _ operationName: String,
        context: @autoclosure () -> ServiceContext,
        ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant,
        function: String,
        file fileID: String,
        line: UInt
    ) -> RecordedSpan {
        var context = context()
        let parent = context.spanIdentity
        let identity = parent?.child ?? .root(isSampled: ratio >= 1 || .random(in: 0..<1) < ratio)
        context.spanIdentity = identity
        return RecordedSpan(
            name: operationName,
            kind: kind,
            context: context,
            identity: identity,
            parentSpanID: parent?.spanID,
            start: instant().nanosecondsSinceEpoch,
            receive: receive
        )
    }

    package func forceFlush() {}

    package func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext,
        into carrier: inout Carrier,
        using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let identity = context.spanIdentity else { return }
        injector.inject(identity.parent, forKey: "traceparent", into: &carrier)
        if let state = identity.state { injector.inject(state, forKey: "tracestate", into: &carrier) }
    }

    package func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier,
        into context: inout ServiceContext,
        using extractor: Extract
    ) where Extract.Carrier == Carrier {
        guard let parent = extractor.extract(key: "traceparent", from: carrier) else { return }
        let state = extractor.extract(key: "tracestate", from: carrier)
        context.spanIdentity = SpanIdentity(parent: parent, state: state)
    }
}

/// A span of ``RecordingTracer``.
package final class RecordedSpan: Span {
    private struct State {
        var name: String
        var attributes = SpanAttributes()
        var links: [SpanIdentity] = []
        var events: [SpanEvent] = []
        var status: SpanStatus?
        var hasEnded = false
    }

    package let context: ServiceContext
    private let kind: SpanKind
    private let identity: SpanIdentity
    private let parentSpanID: String?
    private let start: UInt64
    private let receive: @Sendable (FinishedSpan) -> Void
    private let state: Mutex<State>

    fileprivate init(
        name: String,
        kind: SpanKind,
        context: ServiceContext,
        identity: SpanIdentity,
        parentSpanID: String?,
        start: UInt64,
        receive: @escaping @Sendable (FinishedSpan) -> Void
    ) {
        self.kind = kind
        self.context = context
        self.identity = identity
        self.parentSpanID = parentSpanID
        self.start = start
        self.receive = receive
        state = Mutex(State(name: name))
    }

    package var isRecording: Bool { identity.isSampled && !state.withLock { $0.hasEnded } }

    package var operationName: String {
        get { state.withLock { $0.name } }
        set { state.withLock { $0.name = newValue } }
    }

    package var attributes: SpanAttributes {
        get { state.withLock { $0.attributes } }
        set { state.withLock { $0.attributes = newValue } }
    }

    package func setStatus(_ status: SpanStatus) { state.withLock { $0.status = status } }

    package func addEvent(_ event: SpanEvent) { state.withLock { $0.events.append(event) } }

    package func recordError<Instant: TracerInstant>(
        _ error: any Error,
        attributes: SpanAttributes,
        at instant: @autoclosure () -> Instant
    ) {
        var attributes = attributes
        attributes["exception.type"] = "\(type(of: error))"
        let event = SpanEvent(name: "exception", at: instant(), attributes: attributes)
        state.withLock { $0.events.append(event) }
    }

    package func addLink(_ link: SpanLink) {
        guard let identity = link.context.spanIdentity else { return }
        state.withLock { $0.links.append(identity) }
    }

    package func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        let ended = state.withLock { state -> State? in
            guard !state.hasEnded else { return nil }
            state.hasEnded = true
            return state
        }
        guard let ended, identity.isSampled else { return }
        receive(
            FinishedSpan(
                name: ended.name,
                kind: kind,
                identity: identity,
                parentSpanID: parentSpanID,
                start: start,
                end: max(start, instant().nanosecondsSinceEpoch),
                attributes: ended.attributes,
                links: ended.links,
                events: ended.events,
                status: ended.status
            )
        )
    }
}
