import ExportCore
import Tracing

/// The machine and the execution of its actions. Owned by the loop's thread.
struct Engine: Sendable {
    private var machine: WorkerMachine
    private let encoder: CommitEncoder
    private let tracing: JobTracing
    private let log: any LogPort
    private let clock: any WorkerClock
    private let observers: [any WorkerObserver]
    private let calls: AsyncStream<[Call]>.Continuation
    private let transfers: Transfers
    /// Calls of this turn. They are started together, because each start wakes a thread.
    private var gatheredCalls: [Call] = []
    private let outcome: AsyncStream<Result<Int, WorkerFailure>>.Continuation
    private var recordsInFlight = 0
    private var spansInFlight: [any Span] = []

    init(
        machine: WorkerMachine,
        encoder: CommitEncoder,
        tracing: JobTracing,
        log: any LogPort,
        clock: any WorkerClock,
        observers: [any WorkerObserver],
        calls: AsyncStream<[Call]>.Continuation,
        transfers: Transfers,
        outcome: AsyncStream<Result<Int, WorkerFailure>>.Continuation
    ) {
        self.machine = machine
        self.encoder = encoder
        self.tracing = tracing
        self.log = log
        self.clock = clock
        self.observers = observers
        self.calls = calls
        self.transfers = transfers
        self.outcome = outcome
    }

    mutating func handle(_ messages: [WorkerMessage]) {
        defer { startCalls() }
        if messages.isEmpty { return handle(.tick) }
        for message in messages {
            switch message {
            case .event(.outputsRefused(let id, let refusals)):
                endSpans(failure: "a record is larger than its topic accepts")
                handle(.outputsRefused(batch: id, refusals))
            case .event(let event): handle(event)
            case .question(let answer): answer.resume(machine)
            case .committed(let id, let seconds):
                endSpans()
                observe(.committed(records: recordsInFlight, seconds: seconds))
                handle(.committed(batch: id))
            case .commitFailed(let id, let reason):
                endSpans(failure: reason)
                observe(.commitFailed(reason: reason))
                handle(.commitFailed(batch: id))
            case .commitRefused(let id, let outputs, let reason):
                endSpans(failure: reason)
                observe(.commitFailed(reason: reason))
                handle(.outputsRefused(batch: id, encoder.refusals(of: outputs)))
            case .connection(let problem): observe(.connection(problem: problem))
            case .observation(.unread(let partition, let from, let to)):
                report(.unread(UnreadRecords(partition: partition, from: from, to: to)))
            case .observation(let observation): observe(observation)
            }
        }
    }

    mutating func millisecondsUntilWake(from now: EventTime) -> Int64 {
        guard let wake = machine.nextWake(after: now) else { return .max }
        return max(0, now.monotonic.duration(to: wake).wholeMilliseconds)
    }

    func closed() {
        calls.finish()
        outcome.finish()
    }

    private mutating func handle(_ event: WorkerEvent) {
        for action in machine.handle(event, at: clock.time()) {
            switch action {
            case .start(let partition, let epoch, let position):
                log.begin(partition: partition, epoch: epoch, from: position)
            case .stopped(let partition, let epoch):
                transfers.cancel(partition: partition, epoch: epoch)
                log.stopped(partition: partition, epoch: epoch)
            case .intake(let isPaused): log.setIntake(isPaused: isPaused)
            case .commit(let batch): commit(batch)
            case .call(let call):
                if call.token.kind.isTransfer { transfers.expect(call.token) }
                gatheredCalls.append(call)
            case .suspend(let token): transfers.suspend(token)
            case .resume(let token): transfers.resume(token)
            case .cancel(let token): transfers.cancel(token)
            case .release(let partition, let epoch):
                transfers.cancel(partition: partition, epoch: epoch)
                log.release(partition: partition, epoch: epoch)
            case .drained(let jobs): outcome.yield(.success(jobs))
            case .report(let report):
                if case .lost(let partition, let epoch, _) = report {
                    transfers.cancel(partition: partition, epoch: epoch)
                }
                self.report(report)
            }
        }
    }

    private mutating func commit(_ batch: CommitBatch) {
        var batch = batch
        spansInFlight = tracing.send(&batch)
        recordsInFlight = batch.records.count
        encoder.commit(batch)
    }

    private mutating func startCalls() {
        guard !gatheredCalls.isEmpty else { return }
        calls.yield(gatheredCalls)
        gatheredCalls.removeAll(keepingCapacity: true)
    }

    private mutating func endSpans(failure: String? = nil) {
        tracing.end(spansInFlight, failure: failure)
        spansInFlight = []
    }

    private func report(_ report: Report) {
        if case .ended(_, let event) = report { tracing.ended(event) }
        for observer in observers { observer.report(report) }
    }

    private func observe(_ observation: LogObservation) {
        for observer in observers { observer.observe(observation) }
    }
}
