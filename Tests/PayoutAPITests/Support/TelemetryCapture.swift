import Metrics
import Synchronization
import Tracing

/// Records the measurements and spans of the whole test process.
final class TelemetryCapture: MetricsFactory, Sendable {
    /// The one capture, which is installed at its first use.
    static let shared: TelemetryCapture = {
        let capture = TelemetryCapture()
        MetricsSystem.bootstrap(capture)
        InstrumentationSystem.bootstrap(CapturingTracer(capture: capture))
        return capture
    }()

    struct Measurement: Sendable {
        var label: String
        var dimensions: [String: String]
        var nanoseconds: Int64
    }

    let measurements = Mutex<[Measurement]>([])
    let spans = Mutex<[CapturedSpan]>([])

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        CapturingTimer(capture: self, label: label, dimensions: Dictionary(uniqueKeysWithValues: dimensions))
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        NOOPMetricsHandler.instance
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        NOOPMetricsHandler.instance
    }

    func destroyTimer(_ handler: any TimerHandler) {}
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
}

private final class CapturingTimer: TimerHandler {
    private let capture: TelemetryCapture
    private let label: String
    private let dimensions: [String: String]

    init(capture: TelemetryCapture, label: String, dimensions: [String: String]) {
        self.capture = capture
        self.label = label
        self.dimensions = dimensions
    }

    func recordNanoseconds(_ duration: Int64) {
        self.capture.measurements.withLock {
            $0.append(.init(label: self.label, dimensions: self.dimensions, nanoseconds: duration))
        }
    }
}

/// A span that records its attributes, errors and status.
final class CapturedSpan: Span {
    private struct State {
        var operationName: String
        var attributes: SpanAttributes = [:]
        var status: SpanStatus?
        var errors: [String] = []
        var hasEnded = false
    }

    private let state: Mutex<State>
    let context: ServiceContext
    let isRecording = true

    init(_ operationName: String, context: ServiceContext) {
        self.state = Mutex(State(operationName: operationName))
        self.context = context
    }

    var operationName: String {
        get { self.state.withLock { $0.operationName } }
        set { self.state.withLock { $0.operationName = newValue } }
    }

    var attributes: SpanAttributes {
        get { self.state.withLock { $0.attributes } }
        set { self.state.withLock { $0.attributes = newValue } }
    }

    var hasEnded: Bool { self.state.withLock { $0.hasEnded } }
    var isFailed: Bool { self.state.withLock { $0.status?.code == .error } }

    /// The name, the errors and the attributes as one text.
    var text: String {
        var text = "\(self.operationName) \(self.state.withLock { $0.errors })"
        self.attributes.forEach { text += " \($0)=\($1)" }
        return text
    }

    func setStatus(_ status: SpanStatus) { self.state.withLock { $0.status = status } }
    func addEvent(_ event: SpanEvent) {}
    func addLink(_ link: SpanLink) {}

    func recordError<Instant: TracerInstant>(
        _ error: any Error,
        attributes: SpanAttributes,
        at instant: @autoclosure () -> Instant
    ) {
        self.state.withLock { $0.errors.append("\(error)") }
    }

    func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        self.state.withLock { $0.hasEnded = true }
    }
}

private struct CapturingTracer: Tracer {
    let capture: TelemetryCapture

    func startSpan<Instant: TracerInstant>(
        _ operationName: String,
        context: @autoclosure () -> ServiceContext,
        ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant,
        function: String,
        file fileID: String,
        line: UInt
    ) -> CapturedSpan {
        let span = CapturedSpan(operationName, context: context())
        self.capture.spans.withLock { $0.append(span) }
        return span
    }

    func activeSpan(identifiedBy context: ServiceContext) -> CapturedSpan? { nil }
    func forceFlush() {}

    func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier,
        into context: inout ServiceContext,
        using extractor: Extract
    ) where Extract.Carrier == Carrier {}

    func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext,
        into carrier: inout Carrier,
        using injector: Inject
    ) where Inject.Carrier == Carrier {
        injector.inject("00-trace-span-01", forKey: "traceparent", into: &carrier)
    }
}
