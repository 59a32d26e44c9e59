extension PartitionMachine {
    /// Takes records of the jobs topic, in the order of their offsets.
    mutating func receive(_ inputs: [JobInput], at now: Instant, _ decisions: inout Decisions) {
        for input in inputs where input.offset >= position {
            position = input.offset + 1
            switch input.content {
            case .export(let job): take(job, input, at: now, &decisions)
            case .cancel(let id, let trace): cancel(id, trace: trace, at: now, &decisions)
            case .unreadable(let id, let reason, let details, let trace):
                deadLetter(input, reason: reason, &decisions)
                guard let id else { continue }
                let error = JobError(code: .invalidJob, message: reason, details: details)
                reject(id, job: nil, error: error, trace: trace, at: now, &decisions)
            }
        }
    }

    private mutating func take(_ job: ExportJob, _ input: JobInput, at now: Instant, _ decisions: inout Decisions) {
        if configuration.safeguards.deduplication, let place = table.find(job.id) {
            return takeAgain(job, place, input, at: now, &decisions)
        }
        guard number(ofAccount: job.account) != nil else {
            let message =
                "The account '\(job.account)' is not configured at this worker. Enqueue the job with a configured account, or add the account to the worker's configuration and enqueue it again under a new jobId."
            return refuse(job, input, code: .unknownAccount, field: "account", message, at: now, &decisions)
        }
        decisions.reports.append(
            .accepted(
                partition: partition,
                job: job.id,
                keyIsJobID: input.keyIsJobID,
                warnings: input.warnings
            )
        )
        begin(job, offset: input.offset, at: now, &decisions)
    }

    /// The job's first record: whatever it can do at once, it does at once.
    private mutating func begin(_ job: ExportJob, offset: Int64, at now: Instant, _ decisions: inout Decisions) {
        var record = JobRecord(
            job: job,
            offset: offset,
            phase: .accepted,
            times: JobTimes(accepted: now),
            namedByAcceptance: true
        )
        if let deadline = job.deadline, deadline <= now {
            return end(&record, .failed, deadlineError(record), at: now, &decisions)
        }
        if let requestID = job.adoptedRequestID {
            record.phase = .waiting
            record.requestID = requestID
            record.times.submitted = now
            decisions.refusals.append(false)
            let place = decide(record, &decisions)
            decisions.callsUponCommit.append(call(.poll, for: place))
        } else if let notBefore = job.notBefore, notBefore > now {
            let place = decide(record, &decisions)
            rest(place, until: notBefore.milliseconds)
        } else {
            submit(&record, attempt: 1, &decisions)
        }
    }

    /// Records the intent of an attempt; the POST goes out when that is committed.
    mutating func submit(_ record: inout JobRecord, attempt: Int, _ decisions: inout Decisions) {
        record.phase = .submitting
        record.attempt = attempt
        record.requestID = nil
        record.times.submitted = nil
        record.times.ready = nil
        record.blobURL = nil
        let place = decide(record, &decisions)
        let token = call(.create, for: place)
        if configuration.safeguards.recordsFirst {
            decisions.callsUponCommit.append(token)
        } else {
            decisions.callsNow.append(token)
        }
    }

    /// The id is known: the same job once more, or another one under its name.
    private mutating func takeAgain(
        _ job: ExportJob,
        _ place: JobTable.Index,
        _ input: JobInput,
        at now: Instant,
        _ decisions: inout Decisions
    ) {
        // A record at or below the job's own is that record, delivered again.
        guard input.offset > table[place].offset else { return }
        let known = record(of: place)
        guard known.job.hasSameContent(as: job) else {
            let message =
                "The jobId '\(job.id)' belongs to a job with other content, accepted \(known.phase == .finished ? "and finished " : "")before. Enqueue this job under a jobId of its own."
            return refuse(job, input, code: .invalidJob, field: "jobId", message, at: now, &decisions)
        }
        if let event = CompletionEvent(known) {
            decisions.records.append(.event(partition: partition, event))
        }
        decisions.reports.append(
            .duplicate(partition: partition, job: job.id, eventRepeated: known.phase == .finished)
        )
    }

    private func refuse(
        _ job: ExportJob,
        _ input: JobInput,
        code: JobErrorCode,
        field: String,
        _ message: String,
        at now: Instant,
        _ decisions: inout Decisions
    ) {
        deadLetter(input, reason: message, &decisions)
        let error = JobError(code: code, message: message, details: [FieldError(field: field, message: message)])
        reject(job.id, job: job, error: error, trace: job.trace, at: now, &decisions)
    }

    private func deadLetter(_ input: JobInput, reason: String, _ decisions: inout Decisions) {
        decisions.refusals.append(true)
        decisions.records.append(
            .deadLetter(
                DeadLetter(original: input.original, partition: partition, offset: input.offset, reason: reason)
            )
        )
        decisions.reportsUponCommit.append(
            .deadLettered(partition: partition, offset: input.offset, reason: reason)
        )
    }

    func reject(
        _ id: String,
        job: ExportJob?,
        error: JobError,
        trace: TraceContext?,
        at now: Instant,
        _ decisions: inout Decisions
    ) {
        let times = JobTimes(accepted: now, finished: now)
        let event = CompletionEvent(
            jobID: id,
            status: .rejected,
            job: job,
            error: error,
            times: times,
            trace: trace
        )
        decisions.records.append(.event(partition: partition, event))
        decisions.reportsUponCommit.append(.ended(partition: partition, event: event))
    }

    // MARK: Cancelling

    private mutating func cancel(_ id: String, trace: TraceContext?, at now: Instant, _ decisions: inout Decisions) {
        guard let place = table.find(id) else {
            let message =
                "No job '\(id)' is known in this partition: it was never enqueued here, or its deduplication window is over. Check the jobId, and that the cancel command has the jobId as its key."
            let error = JobError(code: .unknownJob, message: message)
            return reject(id, job: nil, error: error, trace: trace, at: now, &decisions)
        }
        let entry = table[place]
        // Completion won: the job's one event is published already.
        guard entry.phase != .finished else { return }
        var record = record(of: place)
        switch entry.phase {
        case .accepted, .finished: break
        case .submitting: record.cleanup = entry.maySubmitted ? .findThenDelete : .none
        case .waiting, .ready: record.cleanup = entry.adopted ? .none : .delete
        }
        end(&record, .cancelled, nil, at: now, &decisions)
    }
}
