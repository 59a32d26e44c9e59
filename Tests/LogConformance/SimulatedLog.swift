import Dispatch
import ExportRecords
import WorkerRuntime

@testable import ExportCore
@testable import SimulationHarness

/// A port of the simulation behind the interface of the real one.
///
/// Sound to share: what is mutable is touched on the cluster's queue only.
final class SimulatedLog: LogPort, PortHost, @unchecked Sendable {
    private let cluster: SimulatedCluster
    private let delivery: Delivery
    /// The suite's own, which takes records at once: everything here happens in one turn of the queue.
    private var sink: RecordingSink?
    private(set) var port: VirtualPort?
    private(set) var id = 0
    let name: String

    /// How long a revocation may wait.
    private static let revocationTimeout: Int64 = 5_000
    private static let backlogInterval: Int64 = 200

    init(_ cluster: SimulatedCluster, workerID: String, delivery: Delivery) {
        self.cluster = cluster
        self.delivery = delivery
        name = workerID
    }

    // MARK: LogPort

    func start(_ sink: any LogSink) async throws {
        await cluster.on { [self] in
            self.sink = sink as? RecordingSink
            id = cluster.register(self)
            let port = VirtualPort(self, in: cluster, producer: cluster.number(of: name), delivery: delivery)
            self.port = port
            port.start()
            reportBacklog()
        }
    }

    func begin(partition: Int32, epoch: UInt32, from position: JobsPosition) {
        let position = JobsPosition(offset: position.offset, anchor: position.marks.first)
        cluster.queue.async { self.port?.begin(Int(partition), epoch, from: position) }
    }

    func stopped(partition: Int32, epoch: UInt32) {
        cluster.queue.async { self.port?.stopped(Int(partition), epoch) }
    }

    func setIntake(isPaused: Bool) { cluster.queue.async { self.port?.setIntake(isPaused: isPaused) } }

    func commit(_ commit: LogCommit) {
        cluster.queue.async {
            let batch = CommitBatch(
                id: commit.id,
                records: commit.outputs.compactMap { StoredText.record(of: $0) },
                positions: commit.positions
            )
            self.port?.commit(batch)
        }
    }

    func release(partition: Int32, epoch: UInt32) {
        cluster.queue.async { self.port?.release(Int(partition), epoch) }
    }

    func close(within bound: Duration) async {
        await cluster.on { [self] in
            port?.leave()
            port = nil
            sink = nil
            cluster.unregister(id)
        }
    }

    // MARK: PortHost

    func run(_ body: @escaping () -> Void) { if port != nil { body() } }

    func later(_ delay: Int64, _ body: @escaping () -> Void) {
        cluster.at(cluster.now + delay) { [weak self] in self?.run(body) }
    }

    func post(_ event: WorkerEvent) {
        guard let sink else { return }
        switch event {
        case .partitionCount(let count): sink.partitionCount(count)
        case .assigned(let partition, let epoch): sink.assigned(partition: partition, epoch: epoch)
        case .restored(let partition, let epoch, let records):
            sink.restored(partition: partition, epoch: epoch, records.map { StoredText.logRecord(of: $0) })
        case .restoreFinished(let partition, let epoch, let ends):
            sink.restoreFinished(partition: partition, epoch: epoch, ends)
        case .anchored(let partition, let epoch, let mark):
            sink.anchored(partition: partition, epoch: epoch, mark)
        case .discontinuity(let partition, let epoch, let reason):
            sink.discontinuity(partition: partition, epoch: epoch, reason)
        case .received(let partition, let epoch, let inputs):
            sink.received(partition: partition, epoch: epoch, inputs.map { StoredText.logRecord(of: $0) })
        case .committed(let id): sink.committed(id, seconds: 0)
        case .commitFailed(let id): sink.commitFailed(id, reason: "not stored")
        case .generationChanged: sink.generationChanged()
        case .lost(let partitions): sink.lost(partitions)
        case .revoked(let partitions):
            sink.revoked(partitions)
            later(Self.revocationTimeout) { for partition in partitions { self.port?.giveUp(Int(partition)) } }
        default: break
        }
    }

    private func reportBacklog() {
        for (partition, state) in (port?.partitions ?? []).enumerated() {
            guard let state, let next = state.next else { continue }
            let end = cluster.log.jobEnds[partition]
            let unread = JobsEnd(unreadUpTo: next < end ? end : nil)
            sink?.jobsEnd(partition: Int32(partition), epoch: state.epoch, unread)
        }
        later(Self.backlogInterval) { self.reportBacklog() }
    }
}

/// The simulated log keeps values and not bytes: texts of the suite travel in a field that the core never looks into.
enum StoredText {
    static func record(of output: LogOutput) -> OutputRecord? {
        let (key, value) = (text(output.record.key) ?? "", text(output.record.value))
        let job = ExportJob(id: key, kind: .payments, metadataJSON: value)
        let times = JobTimes(accepted: Instant(milliseconds: 0))
        switch output.topic {
        case .state:
            let record = JobRecord(job: job, offset: 0, phase: .accepted, times: times)
            return .state(partition: output.partition ?? 0, value == nil ? .forgotten(id: key) : .job(record))
        case .results:
            let trace = output.record.headers.first.flatMap { text($0.value) }.map { TraceContext(parent: $0) }
            return .event(
                partition: output.partition ?? 0,
                CompletionEvent(
                    jobID: key,
                    status: .completed,
                    source: RecordSource(partition: output.partition ?? 0, offset: 0),
                    job: job,
                    times: times,
                    trace: trace
                )
            )
        case .deadLetter: return nil
        }
    }

    static func logRecord(of record: StateRecord) -> LogRecord {
        switch record {
        case .job(let job):
            LogRecord(
                offset: job.offset,
                OriginalRecord(key: Array(job.job.id.utf8), value: job.job.metadataJSON.map { Array($0.utf8) })
            )
        case .forgotten(let id): LogRecord(offset: 0, OriginalRecord(key: Array(id.utf8), value: nil))
        case .batch(let batch): LogRecord(offset: 0, OriginalRecord(key: Array(batch.batch.id.utf8), value: []))
        case .batchForgotten(let id): LogRecord(offset: 0, OriginalRecord(key: Array(id.utf8), value: nil))
        case .pauses(let pauses):
            LogRecord(offset: 0, OriginalRecord(key: Array("@control".utf8), value: pauses.isEmpty ? nil : []))
        case .position(let position): LogRecord(offset: position.offset, OriginalRecord(key: nil, value: nil))
        case .origin(let origin):
            LogRecord(offset: origin.position.offset, OriginalRecord(key: nil, value: nil))
        }
    }

    static func logRecord(of input: JobInput) -> LogRecord {
        LogRecord(offset: input.offset, timestamp: input.timestamp, input.original)
    }

    static func reading(of event: CompletionEvent, offset: Int64) -> LogReading {
        LogReading(
            partition: 0,
            offset: offset,
            key: event.jobID,
            value: event.job?.metadataJSON,
            headers: event.trace.map { ["ce_id": $0.parent] } ?? [:]
        )
    }

    static func reading(of record: StateRecord, partition: Int32, offset: Int64) -> LogReading {
        let stored = logRecord(of: record)
        return LogReading(
            partition: partition,
            offset: offset,
            key: text(stored.content.key),
            value: text(stored.content.value),
            headers: [:]
        )
    }

    private static func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
}
