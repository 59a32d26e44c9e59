extension PartitionMachine {
    /// Decides records of the jobs topic, in the order of their offsets.
    mutating func receive(_ inputs: [JobInput], at now: EventTime, _ decisions: inout Decisions) {
        for input in inputs where input.offset >= position {
            position = input.offset + 1
            positionTimestamp = input.timestamp
            if anchor == nil { anchor = decidedPosition.newest }
            switch input.content {
            case .export(let job): accept(job, input, at: now, &decisions)
            case .cancel(let id, let trace): cancel(id, input.offset, trace: trace, at: now, &decisions)
            case .pause(let command): pause(command, input, at: now, &decisions)
            case .resume(let target): endPauses(of: target, input, at: now, &decisions)
            case .unreadable(let id, let reason, let details, let trace):
                deadLetter(input, reason: reason, &decisions)
                guard let id else { continue }
                let error = JobError(code: input.code, message: reason, details: details)
                reject(id, input.offset, job: nil, error: error, trace: trace, at: now, &decisions)
            }
        }
    }

    private mutating func accept(_ job: ExportJob, _ input: JobInput, at now: EventTime, _ decisions: inout Decisions) {
        if configuration.safeguards.deduplication, let place = table.find(job.id) {
            return acceptDuplicate(job, place, input, at: now, &decisions)
        }
        guard number(ofAccount: job.account) != nil else {
            let message =
                "The account '\(job.account)' is not configured at this worker. Enqueue the job with a configured account, or add the account to the worker's configuration and enqueue it again under a new jobId."
            return refuse(job, input, code: .unknownAccount, field: "account", message, at: now, &decisions)
        }
        let selectsAll = job.filter == nil && job.adoptedRequestID == nil
        if selectsAll, configuration.accountsRequiringFilter.contains(job.account) {
            let message =
                "The job has no filter, so its export would cover three years, and this worker refuses such jobs of the account '\(job.account)'. Enqueue the job with a filter."
            return refuse(job, input, code: .invalidJob, field: "filter", message, at: now, &decisions)
        }
        if let refusal = batchRefusal(job) {
            return refuse(job, input, code: .invalidJob, field: refusal.field, refusal.message, at: now, &decisions)
        }
        decisions.reports.append(
            .accepted(
                partition: partition,
                job: job.id,
                keyIsJobID: input.keyIsJobID,
                warnings: selectsAll ? input.warnings + Self.withoutFilter : input.warnings
            )
        )
        begin(job, offset: input.offset, at: now, &decisions)
    }

    private static let withoutFilter = [
        FieldError(field: "filter", message: "is absent, so the export covers three years")
    ]

    /// Decides the job's first record. A job that has nothing to wait for is submitted at once.
    private mutating func begin(_ job: ExportJob, offset: Int64, at now: EventTime, _ decisions: inout Decisions) {
        var record = JobRecord(
            job: job,
            offset: offset,
            phase: .accepted,
            times: JobTimes(accepted: now.wall),
            namedByAcceptance: true,
            generation: generation
        )
        if let deadline = job.deadline, deadline <= now.wall {
            return end(&record, .failed, deadlineError(record), at: now, &decisions)
        }
        if let requestID = job.adoptedRequestID {
            record.phase = .waiting
            record.requestID = requestID
            record.times.submitted = now.wall
            decisions.refusals.append(false)
            let place = decide(record, &decisions)
            decisions.callsUponCommit.append(call(.poll, for: place))
        } else if let notBefore = job.notBefore, notBefore > now.wall {
            let place = decide(record, &decisions)
            rest(place)
        } else {
            submit(&record, attempt: 1, &decisions)
        }
    }

    /// Records the intent of an attempt. The POST is sent after that record is committed.
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

    /// The id is known: either the same job again, or another job with the same id.
    private mutating func acceptDuplicate(
        _ job: ExportJob,
        _ place: JobTable.Index,
        _ input: JobInput,
        at now: EventTime,
        _ decisions: inout Decisions
    ) {
        // A record at or below the job's own offset is that record, delivered again.
        guard table[place].generation != generation || input.offset > table[place].offset else { return }
        let known = record(of: place)
        guard known.job.hasSameContent(as: job) else {
            let message =
                "The jobId '\(job.id)' belongs to a job with other content, accepted \(known.phase == .finished ? "and finished " : "")before. Enqueue this job under a jobId of its own."
            return refuse(job, input, code: .conflictingJob, field: "jobId", message, at: now, &decisions)
        }
        if let event = CompletionEvent(known, partition: partition) {
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
        at now: EventTime,
        _ decisions: inout Decisions
    ) {
        deadLetter(input, reason: message, &decisions)
        let error = JobError(code: code, message: message, details: [FieldError(field: field, message: message)])
        reject(job.id, input.offset, job: job, error: error, trace: job.trace, at: now, &decisions)
    }

    func deadLetter(_ input: JobInput, reason: String, _ decisions: inout Decisions) {
        deadLetter(input.original, at: input.offset, reason: reason, &decisions)
    }

    func deadLetter(
        _ original: OriginalRecord,
        at offset: Int64,
        reason: String,
        form: OutputForm = .whole,
        _ decisions: inout Decisions
    ) {
        decisions.refusals.append(true)
        var letter = DeadLetter(original: original, partition: partition, offset: offset, reason: reason)
        letter.form = form
        decisions.records.append(.deadLetter(letter))
        decisions.reportsUponCommit.append(.deadLettered(partition: partition, offset: offset, reason: reason))
    }

    func reject(
        _ id: String,
        _ offset: Int64,
        job: ExportJob?,
        error: JobError,
        trace: TraceContext?,
        at now: EventTime,
        _ decisions: inout Decisions
    ) {
        let times = JobTimes(accepted: now.wall, finished: now.wall)
        let event = CompletionEvent(
            jobID: id,
            status: .rejected,
            source: RecordSource(partition: partition, offset: offset),
            job: job,
            error: error,
            times: times,
            trace: trace
        )
        decisions.records.append(.event(partition: partition, event))
        decisions.reportsUponCommit.append(.ended(partition: partition, event: event))
    }

    // MARK: Cancelling

    private mutating func cancel(
        _ id: String,
        _ offset: Int64,
        trace: TraceContext?,
        at now: EventTime,
        _ decisions: inout Decisions
    ) {
        guard let place = table.find(id) else {
            let message =
                "No job '\(id)' is known in this partition: it was never enqueued here, or its deduplication window is over. Check the jobId, and that the cancel command has the key of the job's own record: the jobId, or the batch's id for a job of a batch."
            let error = JobError(code: .unknownJob, message: message)
            return reject(id, offset, job: nil, error: error, trace: trace, at: now, &decisions)
        }
        let entry = table[place]
        // The job finished first: its one event is already published.
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
