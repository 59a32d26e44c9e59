import ExportCore
import ExportRecords

/// Restoring waiting jobs from the bytes of their state records: decoding and applying, and the memory that they take
/// afterwards. Only those two are timed; the bytes are made a thousand records at a time, between the timings.
struct Restore {
    var jobs: Int
    /// How many jobs a batch has; `nil` for jobs without one.
    var batchSize: Int?
    /// Whether the jobs have ended, each with a file in a file store.
    var areFinished = false
    private let partitions = 6
    private let codec = StateCodec()
    static let start = Instant(milliseconds: 1_790_000_000_000)
    private static let now = EventTime(wall: start, monotonic: MonotonicInstant(milliseconds: 0))

    struct Result: Encodable {
        var layout: String
        var jobs: Int
        var decodeCPUSeconds: Double
        var applyCPUSeconds: Double
        var residentBytesPerJob: Double
        /// A turn of the engine's loop while no job is due.
        var microsecondsPerIdleTurn: Double?
    }

    private static let idleTurns = 1_000

    /// Into the worker's state machine, until its partitions are active.
    func intoEngine() throws -> Result {
        var worker = WorkerMachine(CoreConfiguration())
        _ = worker.handle(.partitionCount(partitions), at: Self.now)
        for partition in 0..<Int32(partitions) {
            _ = worker.handle(.assigned(partition: partition, epoch: 1), at: Self.now)
        }
        var result = try run("engine") { partition, records in
            _ = worker.handle(.restored(partition: partition, epoch: 1, records), at: Self.now)
        }
        let cpu = Measure.threadCPUSeconds
        for partition in 0..<Int32(partitions) {
            let finished = WorkerEvent.restoreFinished(
                partition: partition,
                epoch: 1,
                RestoredEnds(committed: 0, low: 0, high: Int64(jobs))
            )
            _ = worker.handle(finished, at: Self.now)
        }
        result.applyCPUSeconds += Measure.threadCPUSeconds - cpu
        let known = worker.status().partitions.reduce(0) { $0 + $1.jobs.values.reduce(0, +) }
        precondition(known == jobs, "\(known) jobs were restored, not \(jobs)")
        let idle = Measure.threadCPUSeconds
        for _ in 0..<Self.idleTurns {
            _ = worker.handle(.tick, at: Self.now)
            _ = worker.nextWake(after: Self.now)
        }
        result.microsecondsPerIdleTurn = (Measure.threadCPUSeconds - idle) * 1e6 / Double(Self.idleTurns)
        return result
    }

    /// Into a dictionary of the decoded records, the least that a plain program would do.
    func intoDictionary() throws -> Result {
        var table: [String: JobRecord] = [:]
        let result = try run("dictionary") { _, records in
            for case .job(let record) in records { table[record.job.id] = record }
        }
        precondition(table.count == jobs, "\(table.count) jobs were restored, not \(jobs)")
        return result
    }

    private func run(_ layout: String, _ apply: (Int32, [StateRecord]) -> Void) throws -> Result {
        var result = Result(layout: layout, jobs: jobs, decodeCPUSeconds: 0, applyCPUSeconds: 0, residentBytesPerJob: 0)
        // Once before, so that allocations for the first batch do not count as jobs' memory.
        _ = try decode(encoded(0..<1_000))
        let before = Measure.residentBytes
        var first = 0
        while first < jobs {
            let bytes = encoded(first..<min(jobs, first + 1_000))
            let begin = Measure.threadCPUSeconds
            let records = try decode(bytes)
            let decoded = Measure.threadCPUSeconds
            apply(Int32(first / 1_000 % partitions), records)
            result.decodeCPUSeconds += decoded - begin
            result.applyCPUSeconds += Measure.threadCPUSeconds - decoded
            first += 1_000
        }
        result.residentBytesPerJob = Double(Measure.residentBytes - before) / Double(jobs)
        return result
    }

    private func decode(_ records: [OutgoingRecord]) throws -> [StateRecord] {
        try records.map { try codec.decode(key: $0.key, value: $0.value) }
    }

    private func encoded(_ numbers: Range<Int>) -> [OutgoingRecord] {
        numbers.map { number in
            var record = areFinished ? Self.finishedJob(number) : Self.job(number)
            if let size = batchSize {
                record.job.batch = JobBatch(id: "payments-\(number / 1_000)-\(number % 1_000 / size)", size: size)
            }
            return codec.encode(.job(record))
        }
    }

    /// A typical job: a UUID as its id, a filter of usual length, some metadata, an export in progress.
    static func job(_ number: Int) -> JobRecord {
        let job = ExportJob(
            id: uuid(number, 1),
            kind: .transactionHistory,
            filter: "earningForDate ge 2023-03-01 and earningForDate le 2023-04-12",
            metadataJSON: "{\"requestedBy\":\"billing\"}"
        )
        return JobRecord(
            job: job,
            offset: Int64(number),
            phase: .waiting,
            attempt: 1,
            requestID: uuid(number, 2),
            times: JobTimes(accepted: start, submitted: start.advanced(by: .milliseconds(number % 1_000)))
        )
    }

    /// A typical job that has ended: with one file, whose columns are those of all files.
    private static func finishedJob(_ number: Int) -> JobRecord {
        var record = job(number)
        let name = "\(uuid(number, 2)).csv"
        record.phase = .finished
        record.status = .completed
        record.times.ready = record.times.submitted
        record.times.finished = record.times.submitted
        record.files = [
            ExportFile(
                location: "s3://partner-exports/payouts/default/transactionHistory/2026/09/21/\(record.job.id)/\(name)",
                stored: true,
                fileName: name,
                mediaType: "text/csv",
                sizeBytes: Int64(number),
                sha256: digest(number),
                content: FileContent(
                    rows: Int64(number),
                    columns: ["earningId", "participantId", "partnerCountryCode", "earningAmount"],
                    headerSHA256: digest(0),
                    delimiter: ",",
                    encoding: "utf-8"
                )
            )
        ]
        return record
    }

    private static func digest(_ number: Int) -> String {
        let digits = String(UInt64(number) &* 2_654_435_761, radix: 16)
        return String(repeating: "0", count: 64 - digits.count) + digits
    }

    private static func uuid(_ number: Int, _ kind: Int) -> String {
        let digits = String(UInt64(number) &* 2_654_435_761 & 0xFFFF_FFFF_FFFF, radix: 16)
        return "93c2b3cf-c6d8-4e7e-ade\(kind)-" + String(repeating: "0", count: 12 - digits.count) + digits
    }
}
