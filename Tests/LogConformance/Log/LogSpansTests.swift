import KafkaClient
import Logging
import Synchronization
import Testing
import Tracing
import WorkerRuntime

@testable import WorkerKafka

/// The spans of calls to the brokers.
@Suite struct LogSpansTests {
    private func log(_ tracer: any Tracer) -> KafkaLog {
        let configuration = KafkaLogConfiguration(
            kafka: .init(bootstrapServers: "127.0.0.1:1"),
            groupID: "group",
            workerID: "one"
        )
        return KafkaLog(configuration, logger: Logger(label: "log") { _ in SwiftLogNoOpLogHandler() }, tracer: tracer)
    }

    @Test(arguments: [true, false]) func onlyRecordedSpansGetAttributes(isRecording: Bool) {
        let tracer = CountingTracer(isRecording: isRecording)
        let log = log(tracer)
        log.pollSpan(3)
        log.pollSpan(0)
        let span = log.commitSpan(LogCommit(id: 1, outputs: [], positions: []))
        log.end(span, .aborted(reason: "planned", cause: "TEST"))
        #expect(tracer.counts.withLock { $0.ended } == 2)
        #expect(tracer.counts.withLock { $0.changed > 0 } == isRecording)
    }

    @Test func logWithoutATracerHasNoSpans() {
        // Another suite may have installed a tracer in the process.
        let log = log(NoOpTracer())
        #expect(log.tracer == nil)
        #expect(log.commitSpan(LogCommit(id: 1, outputs: [], positions: [])) == nil)
    }
}

/// Counts spans that have ended, and changes of their attributes and states.
private final class CountingTracer: Tracer {
    let isRecording: Bool
    let counts = Mutex((ended: 0, changed: 0))

    init(isRecording: Bool) { self.isRecording = isRecording }

    func startSpan<Instant: TracerInstant>(
        _ operationName: String,
        context: @autoclosure () -> ServiceContext,
        ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant,
        function: String,
        file fileID: String,
        line: UInt
    ) -> CountedSpan {
        CountedSpan(context(), self)
    }

    func forceFlush() {}
    func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext,
        into carrier: inout Carrier,
        using injector: Inject
    )
    where Inject.Carrier == Carrier {}
    func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier,
        into context: inout ServiceContext,
        using extractor: Extract
    ) where Extract.Carrier == Carrier {}
}

private final class CountedSpan: Span {
    private let tracer: CountingTracer
    let context: ServiceContext

    init(_ context: ServiceContext, _ tracer: CountingTracer) { (self.context, self.tracer) = (context, tracer) }

    var operationName: String {
        get { "" }
        set {}
    }
    var attributes: SpanAttributes {
        get { [:] }
        set { tracer.counts.withLock { $0.changed += 1 } }
    }
    var isRecording: Bool { tracer.isRecording }
    func setStatus(_ status: SpanStatus) { tracer.counts.withLock { $0.changed += 1 } }
    func addEvent(_ event: SpanEvent) {}
    func recordError<Instant: TracerInstant>(
        _ error: any Error,
        attributes: SpanAttributes,
        at instant: @autoclosure () -> Instant
    ) {}
    func addLink(_ link: SpanLink) {}
    func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        tracer.counts.withLock { $0.ended += 1 }
    }
}
