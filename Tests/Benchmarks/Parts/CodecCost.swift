import ExportCore
import ExportRecords
import WorkerTelemetry

/// The bytes of jobs, on one thread and without I/O, for the counts of instructions. Every job is encoded or decoded from
/// the same typical one, so the costs of two numbers of jobs differ by those of the further jobs only.
struct CodecCost {
    enum Part: String {
        /// Reading the records of the jobs topic.
        case jobs
        /// Writing the three state records of a job.
        case state
        /// Writing the completion event.
        case events
        /// Reading state records, and applying them to a state machine, a thousand at a time.
        case restore
        /// The log line of a finished job, up to the log's buffer.
        case log
    }

    var part: Part
    var jobs: Int
    private let codec = StateCodec()
    private static let batch = 1_000

    init(part: Part, jobs: Int) {
        self.part = part
        self.jobs = jobs
    }

    struct Result: Encodable {
        var part: String
        var jobs: Int
        var microsecondsPerJob: Double
    }

    func measure() throws -> Result {
        let begin: Double
        switch part {
        case .jobs:
            let record = Self.jobRecord
            let decoder = JobDecoder()
            begin = Measure.threadCPUSeconds
            for offset in 0..<jobs {
                let input = decoder.decode(record, offset: Int64(offset))
                precondition(input.keyIsJobID)
            }
        case .state:
            let records = [Self.accepted, Restore.job(1), Self.finished]
            begin = Measure.threadCPUSeconds
            for _ in 0..<jobs {
                for record in records { precondition(codec.encode(.job(record)).value != nil) }
            }
        case .events:
            guard let event = CompletionEvent(Self.finished, partition: 0) else { throw NoEvent() }
            let encoder = EventEncoder(groupID: "bench", jobsTopic: "jobs")
            begin = Measure.threadCPUSeconds
            for _ in 0..<jobs { precondition(encoder.encode(event).value != nil) }
        case .restore:
            let records = (0..<Self.batch).map { codec.encode(.job(Restore.job($0))) }
            begin = Measure.threadCPUSeconds
            for _ in 0..<jobs / Self.batch { try restore(records) }
        case .log:
            guard let event = CompletionEvent(Self.finished, partition: 0) else { throw NoEvent() }
            let reports = NullLog.reportLogger()
            begin = Measure.threadCPUSeconds
            for _ in 0..<jobs { reports.report(.ended(partition: 0, event: event)) }
        }
        return Result(
            part: part.rawValue,
            jobs: jobs,
            microsecondsPerJob: (Measure.threadCPUSeconds - begin) * 1e6 / Double(jobs)
        )
    }

    private struct NoEvent: Error {}

    private func restore(_ records: [OutgoingRecord]) throws {
        let now = EventTime(wall: Restore.start, monotonic: MonotonicInstant(milliseconds: 0))
        var worker = WorkerMachine(CoreConfiguration())
        _ = worker.handle(.partitionCount(1), at: now)
        _ = worker.handle(.assigned(partition: 0, epoch: 1), at: now)
        let decoded = try records.map { try codec.decode(key: $0.key, value: $0.value) }
        _ = worker.handle(.restored(partition: 0, epoch: 1, decoded), at: now)
        let ends = RestoredEnds(committed: 0, low: 0, high: Int64(records.count))
        _ = worker.handle(.restoreFinished(partition: 0, epoch: 1, ends), at: now)
        precondition(worker.status().partitions[0].jobs[.waiting] == records.count)
    }

    // MARK: Samples

    private static var jobRecord: OriginalRecord {
        let id = Restore.job(1).job.id
        let value = """
            {"jobId":"\(id)","kind":"transactionHistory","fileFormat":"csv",\
            "filter":"earningForDate ge 2023-03-01 and earningForDate le 2023-04-12","metadata":{"requestedBy":"billing"}}
            """
        return OriginalRecord(key: Array(id.utf8), value: Array(value.utf8))
    }

    private static var accepted: JobRecord {
        var record = Restore.job(1)
        record.phase = .submitting
        record.requestID = nil
        record.times.submitted = nil
        return record
    }

    /// A completed job whose event has the service's own URL.
    static var finished: JobRecord {
        var record = Restore.job(1)
        record.phase = .finished
        record.status = .completed
        record.files = [ExportFile(location: String(repeating: "x", count: 250), stored: false, fileName: "export.csv")]
        record.times.finished = record.times.submitted
        return record
    }
}
