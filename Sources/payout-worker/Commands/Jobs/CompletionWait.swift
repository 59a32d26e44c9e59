import ExportCore
import ExportRecords
import KafkaClient
import Primitives
import WorkerKafka

/// Waits for the completion events of jobs, and for the event of their batch.
final class CompletionWait {
    private let access: KafkaAccess
    private let limit: Duration
    private let isJSON: Bool
    private let isQuiet: Bool
    private let wanted: String
    private let batch: String?
    private let total: Int
    private var waitingFor: Set<String>
    private var counts: [String: Int] = [:]
    /// The event of the batch, once it is there.
    private var batchEvent: BatchEventDocument?
    /// Whether the batch had an event before the jobs were sent. It is not published again.
    private var isBatchAnnounced = false
    private let progress = ProgressLine()
    private let start = ContinuousClock.now

    /// - Parameters:
    ///   - wanted: the expected status of every job.
    ///   - batch: the id of the jobs' batch.
    init(
        access: KafkaAccess,
        ids: Set<String>,
        limit: Duration,
        isJSON: Bool,
        isQuiet: Bool,
        wanted: String = "completed",
        batch: String? = nil
    ) {
        self.access = access
        self.wanted = wanted
        self.batch = batch
        self.limit = limit
        self.isJSON = isJSON
        self.isQuiet = isQuiet
        waitingFor = ids
        total = ids.count
    }

    /// Records the end of the results topic, sends the jobs, and waits for their events.
    ///
    /// - Returns: whether every job ended with the expected status, and the batch is complete.
    func run(sending send: () async throws -> Void) async throws -> Bool {
        try await access.withAdmin { admin in
            try await access.withReader { reader in
                let scan = TopicScan(access: access, admin: admin, reader: reader, topic: access.topics.results)
                // Before the first job is sent, so that no early event is missed.
                let ends = try await scan.ends()
                if let batch { isBatchAnnounced = try await BatchLookup(access: access).isAnnounced(batch) }
                try await send()
                try await scan.follow(from: .offsets(ends), idle: { step }) { record in
                    receive(record)
                    return step
                }
                guard isBatchAnnounced, batchEvent == nil else { return }
                try await scan.read { record in
                    receiveBatch(record)
                    return .continue
                }
            }
        }
        progress.clear()
        return summarize()
    }

    /// A rejected job leaves its batch open until the batch's deadline, which is not waited for.
    private var isBatchDue: Bool {
        batch != nil && batchEvent == nil && !isBatchAnnounced && counts[JobStatus.rejected.name] == nil
    }

    private var step: TopicScan.Step {
        progress.show("\(ProgressLine.bar(share)) \(done) of \(total), oldest \(elapsed.shortText)")
        return waitingFor.isEmpty && !isBatchDue || elapsed >= limit ? .stop : .continue
    }

    private var done: Int { total - waitingFor.count }
    private var share: Double { Double(done) / Double(total) }
    private var elapsed: Duration { ContinuousClock.now - start }

    private func receive(_ record: KafkaRecord) {
        receiveBatch(record)
        guard let key = record.key, let id = String(validating: key, as: UTF8.self), waitingFor.contains(id),
            let value = record.value, let event = try? EventDecoder().decode(value: value), concerns(event)
        else { return }
        waitingFor.remove(id)
        counts[event.status, default: 0] += 1
        guard !isQuiet else { return }
        progress.clear()
        Terminal.result(isJSON ? String(decoding: value, as: UTF8.self) : EventLine.text(event))
    }

    /// Keeps the newest event of the batch, whose id may have been used before.
    private func receiveBatch(_ record: KafkaRecord) {
        guard let batch, record.withKey({ $0?.elementsEqual(batch.utf8) ?? false }),
            let event = EventDecoder().decodeBatch(value: record.value)
        else { return }
        batchEvent = event
    }

    /// A rejection ends only the record that it names. The rejection of a job with the same id and other content does not
    /// concern a cancel command.
    private func concerns(_ event: CompletionEventDocument) -> Bool {
        wanted == "completed" || event.error?.code != JobErrorCode.conflictingJob.name
    }

    private func summarize() -> Bool {
        let parts = counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        let unfinished = waitingFor.isEmpty ? [] : ["\(waitingFor.count) not finished"]
        Terminal.note(
            "\(Formatting.count(total, "job")): \((parts + unfinished).joined(separator: ", ")) after \(elapsed.shortText)"
        )
        if !waitingFor.isEmpty {
            let some = waitingFor.sorted().prefix(10)
            Terminal.note("Not finished: \(some.joined(separator: ", "))\(waitingFor.count > 10 ? ", …" : "")")
        }
        let areAllWanted = waitingFor.isEmpty && counts.allSatisfy { $0.key == wanted }
        guard let batch else { return areAllWanted }
        guard let batchEvent else {
            Terminal.note("The batch '\(batch)' has not ended: it waits for its missing jobs until its deadline.")
            return false
        }
        if !isQuiet { Terminal.result(isJSON ? (try? JSONText.line(batchEvent)) ?? "" : EventLine.text(batchEvent)) }
        return areAllWanted && batchEvent.status == JobBatchStatus.completed.name
    }
}
