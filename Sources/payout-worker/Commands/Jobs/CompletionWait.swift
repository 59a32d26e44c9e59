import ExportCore
import ExportRecords
import KafkaClient
import Primitives
import WorkerKafka

/// Waits for the completion events of jobs.
final class CompletionWait {
    private let access: KafkaAccess
    private let limit: Duration
    private let isJSON: Bool
    private let isQuiet: Bool
    private let wanted: String
    private let total: Int
    private var waitingFor: Set<String>
    private var counts: [String: Int] = [:]
    private let progress = ProgressLine()
    private let start = ContinuousClock.now

    /// - Parameter wanted: the expected status of every job.
    init(
        access: KafkaAccess,
        ids: Set<String>,
        limit: Duration,
        isJSON: Bool,
        isQuiet: Bool,
        wanted: String = "completed"
    ) {
        self.access = access
        self.wanted = wanted
        self.limit = limit
        self.isJSON = isJSON
        self.isQuiet = isQuiet
        waitingFor = ids
        total = ids.count
    }

    /// Records the end of the results topic, sends the jobs, and waits for their events.
    ///
    /// - Returns: whether every job ended with the expected status.
    func run(sending send: () async throws -> Void) async throws -> Bool {
        try await access.withAdmin { admin in
            try await access.withReader { reader in
                let scan = TopicScan(access: access, admin: admin, reader: reader, topic: access.topics.results)
                // Before the first job is sent, so that no early event is missed.
                let ends = try await scan.ends()
                try await send()
                try await scan.follow(from: .offsets(ends), idle: { step }) { record in
                    receive(record)
                    return step
                }
            }
        }
        progress.clear()
        return summarize()
    }

    private var step: TopicScan.Step {
        progress.show("\(ProgressLine.bar(share)) \(done) of \(total), oldest \(elapsed.shortText)")
        return waitingFor.isEmpty || elapsed >= limit ? .stop : .continue
    }

    private var done: Int { total - waitingFor.count }
    private var share: Double { Double(done) / Double(total) }
    private var elapsed: Duration { ContinuousClock.now - start }

    private func receive(_ record: KafkaRecord) {
        guard let key = record.key, let id = String(validating: key, as: UTF8.self), waitingFor.contains(id),
            let value = record.value, let event = try? EventDecoder().decode(value: value), concerns(event)
        else { return }
        waitingFor.remove(id)
        counts[event.status, default: 0] += 1
        guard !isQuiet else { return }
        progress.clear()
        Terminal.result(isJSON ? String(decoding: value, as: UTF8.self) : EventLine.text(event))
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
        return waitingFor.isEmpty && counts.allSatisfy { $0.key == wanted }
    }
}

/// A completion event in one line of text, without the signature of a file's URL.
enum EventLine {
    static func text(_ event: CompletionEventDocument) -> String {
        TextTable.line([event.jobId, event.status, outcome(event)].map(TextTable.printable), widths: [0, 0, 0])
    }

    /// The file, or why there is none.
    static func outcome(_ event: CompletionEventDocument) -> String {
        if let error = event.error { return "\(error.code): \(error.message)" }
        return event.files.map { Formatting.location($0.location) }.joined(separator: ", ")
    }
}
