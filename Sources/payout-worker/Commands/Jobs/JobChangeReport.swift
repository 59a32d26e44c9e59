import ExportRecords
import WorkerTelemetry

/// What a command that changes many jobs does to each of them, and the sending.
struct JobChangeReport {
    let verb: String
    /// The beginning of the last sentence, such as "Enqueued".
    let done: String
    let isJSON: Bool
    private var skipped: [(id: String, why: String)] = []
    private var hasFailures = false

    init(verb: String, done: String, isJSON: Bool) {
        self.verb = verb
        self.done = done
        self.isJSON = isJSON
    }

    /// Notes a job that is not changed.
    ///
    /// - Parameter isFailure: whether the command fails because of it.
    mutating func skip(_ id: String, _ why: String, isFailure: Bool = false) {
        skipped.append((id, why))
        if isFailure { hasFailures = true }
    }

    /// Prints the jobs, and sends their records if that is confirmed.
    func send(_ jobs: [PreparedJob], isConfirmed: Bool, _ access: KafkaAccess) async throws {
        if isConfirmed, !jobs.isEmpty { try await JobSender(access: access).send(jobs) }
        let ids = jobs.compactMap(\.id)
        let outcome = isConfirmed ? verb : "preview"
        for id in ids {
            Terminal.result(isJSON ? try JSONText.line(["jobId": id, "outcome": outcome]) : id)
        }
        for job in skipped {
            if isJSON {
                Terminal.result(try JSONText.line(["jobId": job.id, "outcome": "skipped", "reason": job.why]))
            }
            Terminal.note("The job '\(job.id)' is skipped: \(job.why).")
        }
        let count = Formatting.count(ids.count, "job")
        if ids.isEmpty {
            Terminal.note("There is no job to \(verb).")
        } else if isConfirmed {
            Terminal.note("\(done) \(count).")
        } else {
            Terminal.note("This would \(verb) \(count). Nothing was sent; add --yes to \(verb).")
        }
        if hasFailures || !isConfirmed || ids.isEmpty { throw ExitStatus.failed }
    }
}
