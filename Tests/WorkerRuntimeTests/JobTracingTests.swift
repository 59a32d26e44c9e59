import ExportCore
import Synchronization
import Testing
import TestSupport
import Tracing

@testable import WorkerRuntime

@Suite struct JobTracingTests {
    /// A job whose deadline has passed when it is received, so that its first commit carries its event.
    private static let job = ExportJob(id: "a", kind: .payments, deadline: Instant(milliseconds: 0))

    @Test func jobSpanIsEmittedOnceAfterSuccessfulCommit() async throws {
        let (log, clock, tracer) = (RecordingLog(), ManualClock(), SpanNames())
        var engine = Self.engine(log, clock, tracer)
        engine.handle(Self.assignment + [.event(.received(partition: 0, epoch: 1, [Self.input(offset: 0)]))])
        clock.advance(by: .seconds(1))
        engine.handle([])
        for attempt in 1...3 {
            try await eventually("commit \(attempt)") { log.commits.count == attempt }
            #expect(tracer.count(of: "send results") == attempt - 1, "the span of each attempt has ended")
            #expect(tracer.count(of: "export payments") == 0, "the job's end is not stored yet")
            engine.handle([.commitFailed(log.commits.last ?? 0, reason: "as the test wants it")])
            clock.advance(by: .seconds(10))
            engine.handle([])
        }
        try await eventually("the last commit") { log.commits.count == 4 }
        engine.handle([.committed(log.commits.last ?? 0, seconds: 0.001)])
        #expect(tracer.count(of: "export payments") == 1)

        // The same job again: its event is published again, without another job span.
        engine.handle([.event(.received(partition: 0, epoch: 1, [Self.input(offset: 1)]))])
        clock.advance(by: .seconds(1))
        engine.handle([])
        try await eventually("the commit of the repetition") { log.commits.count == 5 }
        engine.handle([.committed(log.commits.last ?? 0, seconds: 0.001)])
        #expect(tracer.count(of: "export payments") == 1)
    }

    @Test(arguments: [true, false]) func onlyRecordedSpansGetAttributes(isRecording: Bool) async throws {
        let (log, clock, tracer) = (RecordingLog(), ManualClock(), SpanNames(isRecording: isRecording))
        let input = Self.tracing(tracer).process(Self.input(offset: 0), partition: 0)
        var engine = Self.engine(log, clock, tracer)
        engine.handle(Self.assignment + [.event(.received(partition: 0, epoch: 1, [input]))])
        clock.advance(by: .seconds(1))
        engine.handle([])
        try await eventually("the commit") { !log.commits.isEmpty }
        engine.handle([.committed(log.commits.last ?? 0, seconds: 0.001)])
        for name in ["process jobs", "send results", "export payments"] { #expect(tracer.count(of: name) == 1) }
        #expect((tracer.changes > 0) == isRecording)
    }

    private static let assignment: [WorkerMessage] = [
        .event(.partitionCount(1)), .event(.assigned(partition: 0, epoch: 1)),
        .event(.restoreFinished(partition: 0, epoch: 1, RestoredEnds(committed: 0, low: 0, high: 1))),
    ]

    private static func input(offset: Int64) -> JobInput {
        JobInput(offset: offset, content: .export(job), original: OriginalRecord(key: nil, value: nil))
    }

    private static func engine(_ log: RecordingLog, _ clock: ManualClock, _ tracer: SpanNames) -> Engine {
        Engine(
            machine: WorkerMachine(CoreConfiguration()),
            encoder: CommitEncoder(
                codec: RecordCodec(groupID: "group", jobsTopic: "jobs"),
                log: log,
                queue: EventQueue()
            ),
            tracing: tracing(tracer),
            log: log,
            clock: clock,
            observers: [],
            calls: AsyncStream.makeStream(of: [Call].self).continuation,
            transfers: Transfers(),
            outcome: AsyncStream.makeStream(of: Result<Int, WorkerFailure>.self).continuation
        )
    }

    private static func tracing(_ tracer: SpanNames) -> JobTracing {
        JobTracing(jobsTopic: "jobs", resultsTopic: "results", groupID: "group", clientID: "client", tracer: tracer)
    }
}

/// A clock that the test advances.
private final class ManualClock: WorkerClock {
    private let elapsed = Mutex(Int64(0))

    func time() -> EventTime {
        let milliseconds = elapsed.withLock { $0 }
        return EventTime(
            wall: Instant(milliseconds: 1_750_000_000_000 + milliseconds),
            monotonic: MonotonicInstant(milliseconds: milliseconds)
        )
    }

    func advance(by duration: Duration) { elapsed.withLock { $0 += duration.wholeMilliseconds } }
}

/// A log that only records commits.
final class RecordingLog: LogPort {
    private let ids = Mutex<[UInt64]>([])

    var commits: [UInt64] { ids.withLock { $0 } }

    func start(_ sink: any LogSink) async throws {}
    func begin(partition: Int32, epoch: UInt32, from position: JobsPosition) {}
    func stopped(partition: Int32, epoch: UInt32) {}
    func setIntake(isPaused: Bool) {}
    func commit(_ commit: LogCommit) { ids.withLock { $0.append(commit.id) } }
    func release(partition: Int32, epoch: UInt32) {}
    func close(within bound: Duration) async {}
}

/// A tracer that counts the spans that have ended, by name, and the changes of their attributes and states.
private final class SpanNames: Tracer {
    let isRecording: Bool
    private let ended = Mutex<[String: Int]>([:])
    private let changed = Mutex(0)

    init(isRecording: Bool = true) { self.isRecording = isRecording }

    var changes: Int { changed.withLock { $0 } }

    func noteChange() { changed.withLock { $0 += 1 } }

    func count(of name: String) -> Int { ended.withLock { $0[name] ?? 0 } }

    func noteEnd(of name: String) { ended.withLock { $0[name, default: 0] += 1 } }

    func startSpan<Instant: TracerInstant>(
        _ operationName: String,
        context: @autoclosure () -> ServiceContext,
        ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant,
        function: String,
        file fileID: String,
        line: UInt
    ) -> NamedSpan {
        NamedSpan(operationName, context(), self)
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

private final class NamedSpan: Span {
    private let name: String
    private let tracer: SpanNames
    let context: ServiceContext

    init(_ name: String, _ context: ServiceContext, _ tracer: SpanNames) {
        (self.name, self.context, self.tracer) = (name, context, tracer)
    }

    var operationName: String {
        get { name }
        set {}
    }
    var attributes: SpanAttributes {
        get { [:] }
        set { tracer.noteChange() }
    }
    var isRecording: Bool { tracer.isRecording }
    func setStatus(_ status: SpanStatus) { tracer.noteChange() }
    func addEvent(_ event: SpanEvent) {}
    func recordError<Instant: TracerInstant>(
        _ error: any Error,
        attributes: SpanAttributes,
        at instant: @autoclosure () -> Instant
    ) {}
    func addLink(_ link: SpanLink) {}
    func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) { tracer.noteEnd(of: name) }
}
