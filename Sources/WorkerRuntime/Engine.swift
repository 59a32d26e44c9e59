import ExportCore
import Tracing

/// The machine and the hands that carry out what it decides. Owned by the loop's thread.
struct Engine: Sendable {
    private var machine: WorkerMachine
    private let codec: RecordCodec
    private let tracing: JobTracing
    private let log: any LogPort
    private let clock: any WorkerClock
    private let observers: [any WorkerObserver]
    private let calls: AsyncStream<[Call]>.Continuation
    /// Calls of this turn: handed over together, because each hand-over wakes a thread.
    private var gatheredCalls: [Call] = []
    private let outcome: AsyncStream<Result<Int, WorkerFailure>>.Continuation
    private var recordsUnderWay = 0
    private var spansUnderWay: [any Span] = []

    init(
        machine: WorkerMachine,
        codec: RecordCodec,
        tracing: JobTracing,
        log: any LogPort,
        clock: any WorkerClock,
        observers: [any WorkerObserver],
        calls: AsyncStream<[Call]>.Continuation,
        outcome: AsyncStream<Result<Int, WorkerFailure>>.Continuation
    ) {
        self.machine = machine
        self.codec = codec
        self.tracing = tracing
        self.log = log
        self.clock = clock
        self.observers = observers
        self.calls = calls
        self.outcome = outcome
    }

    mutating func take(_ messages: [WorkerMessage]) {
        defer { handOverCalls() }
        if messages.isEmpty { return handle(.tick) }
        for message in messages {
            switch message {
            case .event(let event): handle(event)
            case .question(let answer): answer.give(machine)
            case .committed(let id, let seconds):
                endSpans()
                observe(.committed(records: recordsUnderWay, seconds: seconds))
                handle(.committed(batch: id))
            case .commitFailed(let id, let reason):
                endSpans(failure: reason)
                observe(.commitFailed(reason: reason))
                handle(.commitFailed(batch: id))
            case .connection(let problem): observe(.connection(problem: problem))
            case .observation(let observation): observe(observation)
            }
        }
    }

    mutating func millisecondsUntilWake(from now: Instant) -> Int64 {
        guard let wake = machine.nextWake(after: now) else { return .max }
        return max(0, wake.milliseconds.subtractingReportingOverflow(now.milliseconds).partialValue)
    }

    func closed() {
        calls.finish()
        outcome.finish()
    }

    private mutating func handle(_ event: WorkerEvent) {
        for action in machine.handle(event, at: clock.now()) {
            switch action {
            case .start(let partition, let epoch, let offset):
                log.begin(partition: partition, epoch: epoch, from: offset)
            case .intake(let isPaused): log.setIntake(isPaused: isPaused)
            case .commit(var batch):
                spansUnderWay = tracing.send(&batch)
                recordsUnderWay = batch.records.count
                log.commit(codec.encode(batch))
            case .call(let call): gatheredCalls.append(call)
            case .release(let partition, let epoch): log.release(partition: partition, epoch: epoch)
            case .drained(let jobs): outcome.yield(.success(jobs))
            case .report(let report): for observer in observers { observer.report(report) }
            }
        }
    }

    private mutating func handOverCalls() {
        guard !gatheredCalls.isEmpty else { return }
        calls.yield(gatheredCalls)
        gatheredCalls.removeAll(keepingCapacity: true)
    }

    private mutating func endSpans(failure: String? = nil) {
        tracing.end(spansUnderWay, failure: failure)
        spansUnderWay = []
    }

    private func observe(_ observation: LogObservation) {
        for observer in observers { observer.observe(observation) }
    }
}
