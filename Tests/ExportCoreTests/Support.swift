@testable import ExportCore

/// A reproducible stream of numbers.
struct SeededRandom {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func roll(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }
}

extension Instant {
    /// The given number of seconds after an arbitrary time.
    static func at(_ seconds: Double) -> Instant {
        Instant(milliseconds: 1_750_000_000_000 + Int64(seconds * 1_000))
    }
}

extension MonotonicInstant {
    /// The given number of seconds after an arbitrary time of this clock.
    static func at(_ seconds: Double) -> MonotonicInstant {
        MonotonicInstant(milliseconds: 5_000_000 + Int64(seconds * 1_000))
    }
}

extension EventTime {
    /// The given number of seconds after an arbitrary time.
    static func at(_ seconds: Double) -> EventTime { EventTime(wall: .at(seconds), monotonic: .at(seconds)) }
}

func input(_ offset: Int64, _ content: JobInput.Content, timestamp: Int64? = nil) -> JobInput {
    JobInput(
        offset: offset,
        content: content,
        timestamp: timestamp,
        original: OriginalRecord(key: nil, value: Array("record \(offset)".utf8))
    )
}

extension SchedulerStep {
    /// The call that starts.
    var started: CallToken? { if case .start(let token) = self { token } else { nil } }
}

/// One worker whose commits and calls the test answers.
struct Bench {
    var worker: WorkerMachine
    var actions: [WorkerAction] = []
    var now = EventTime.at(-60)
    private var nextOffset: Int64 = 0

    /// A worker that owns all partitions, restored and empty.
    init(partitions: Int32 = 1, _ configure: (inout CoreConfiguration) -> Void = { _ in }) {
        var configuration = CoreConfiguration()
        configuration.commitInterval = .zero
        configure(&configuration)
        worker = WorkerMachine(configuration)
        handle(.partitionCount(Int(partitions)))
        for partition in 0..<partitions { assign(partition, epoch: 1) }
        // The first positions are committed, and the budget is full.
        wait(60)
        commitAll()
        wait(0)
        commitAll()
        actions = []
    }

    mutating func assign(
        _ partition: Int32,
        epoch: Epoch,
        _ records: [StateRecord] = [],
        committed: Int64? = nil,
        low: Int64 = 0,
        high: Int64 = 1_000,
        stateLow: Int64 = 0
    ) {
        handle(.assigned(partition: partition, epoch: epoch))
        handle(.restored(partition: partition, epoch: epoch, records))
        let ends = RestoredEnds(committed: committed, low: low, high: high, stateLow: stateLow)
        handle(.restoreFinished(partition: partition, epoch: epoch, ends))
    }

    /// The first record of a partition's state.
    let origin = StateRecord.origin(StateOrigin(position: JobsPosition(generation: 1)))

    mutating func handle(_ event: WorkerEvent) { actions += worker.handle(event, at: now) }

    mutating func wait(_ seconds: Double) {
        let duration = Duration.milliseconds(Int64(seconds * 1_000))
        now = EventTime(wall: now.wall.advanced(by: duration), monotonic: now.monotonic.advanced(by: duration))
        handle(.tick)
    }

    /// Sets the wall clock; no time passes.
    mutating func setClock(by seconds: Double) {
        now.wall = now.wall.advanced(by: .milliseconds(Int64(seconds * 1_000)))
        handle(.tick)
    }

    mutating func enqueue(_ contents: JobInput.Content..., partition: Int32 = 0) {
        let inputs = contents.map { content in
            defer { nextOffset += 1 }
            return input(nextOffset, content)
        }
        handle(.received(partition: partition, epoch: 1, inputs))
    }

    // MARK: Recorded actions

    var batches: [CommitBatch] { actions.compactMap { if case .commit(let batch) = $0 { batch } else { nil } } }
    var calls: [Call] { actions.compactMap { if case .call(let call) = $0 { call } else { nil } } }
    var releases: [Int32] { actions.compactMap { if case .release(let partition, _) = $0 { partition } else { nil } } }
    var reports: [Report] { actions.compactMap { if case .report(let report) = $0 { report } else { nil } } }
    var intake: [Bool] { actions.compactMap { if case .intake(let isPaused) = $0 { isPaused } else { nil } } }

    var unread: [UnreadRecords] { reports.compactMap { if case .unread(let records) = $0 { records } else { nil } } }

    /// The offsets from which a partition's jobs were started.
    func starts(of partition: Int32) -> [Int64] {
        actions.compactMap { if case .start(partition, _, let from) = $0 { from.offset } else { nil } }
    }

    var events: [CompletionEvent] {
        batches.flatMap(\.records).compactMap { if case .event(_, let event) = $0 { event } else { nil } }
    }

    var batchEvents: [JobBatchEvent] {
        batches.flatMap(\.records).compactMap { if case .batchEvent(_, let event) = $0 { event } else { nil } }
    }

    /// The records of the state topic that are committed or about to be, in order.
    var stored: [StateRecord] {
        batches.flatMap(\.records).compactMap { if case .state(_, let record) = $0 { record } else { nil } }
    }

    /// Commits batches until none is left.
    mutating func commitAll() {
        var answered: Set<UInt64> = []
        while let batch = batches.first(where: { !answered.contains($0.id) }) {
            answered.insert(batch.id)
            handle(.committed(batch: batch.id))
        }
    }

    /// Answers the newest call.
    mutating func answer(_ result: CallResult) {
        guard let call = calls.last else { return }
        handle(.answered(call.token, result))
    }

    func phase(_ id: String) -> JobPhase? { worker.record(ofJob: id)?.record.phase }
    func status(_ id: String) -> JobStatus? { worker.record(ofJob: id)?.record.status }
    func code(_ id: String) -> JobErrorCode? { worker.record(ofJob: id)?.record.error?.code }
}

extension WorkerMachine {
    /// The newest record of a job that one of this worker's partitions knows.
    func record(ofJob id: String) -> (partition: Int32, record: JobRecord)? {
        job(id, at: .at(0)).map { ($0.partition, $0.record) }
    }
}

func export(_ id: String, _ change: (inout ExportJob) -> Void = { _ in }) -> JobInput.Content {
    var job = ExportJob(id: id, kind: .payments)
    change(&job)
    return .export(job)
}

func cancel(_ id: String) -> JobInput.Content { .cancel(id: id, trace: nil) }

let url = "https://blobs.example/request-1.csv?sig=secret"
let ready = CallResult.polled(.completed, url: url, expiresAt: nil)
let storedFile = ExportFile(location: "file:///request-1.csv", stored: true, fileName: "request-1.csv")
