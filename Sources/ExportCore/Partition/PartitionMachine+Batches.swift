// Batches: which jobs belong to one, when it ends, and when it is forgotten.
extension PartitionMachine {
    // MARK: Members

    /// The job at this place, as it was enqueued.
    func job(of place: JobTable.Index) -> ExportJob {
        var job = table.arena.withBytes(table[place].spec) { JobSpecCodec.decode($0) }
        job.batch = table.batch(of: place).map { batches[$0].batch }
        return job
    }

    /// Why a new job cannot become a member of its batch, and the field that says so; `nil` when it can.
    func batchRefusal(_ job: ExportJob) -> FieldError? {
        guard let wanted = job.batch, let place = batches.find(wanted.id) else { return nil }
        let known = batches[place].batch
        if known.size != wanted.size {
            let message =
                "The batch '\(known.id)' began with size \(known.size), and this job names size \(wanted.size). All jobs of a batch name the same size: enqueue this job with size \(known.size), or all jobs as a batch with an id of its own."
            return FieldError(field: "batch.size", message: message)
        }
        if batches[place].record != nil {
            let message =
                "The batch '\(known.id)' has ended. Enqueue the job in a batch with an id of its own, or without a batch."
            return FieldError(field: "batch.id", message: message)
        }
        guard batches[place].isFull else { return nil }
        let message =
            "The batch '\(known.id)' has its \(known.size) jobs already. Enqueue the job in a batch with an id of its own, or without a batch."
        return FieldError(field: "batch.size", message: message)
    }

    /// Makes the job of a new record a member of its batch.
    ///
    /// - Returns: the batch's place; `nil` for a job without one.
    mutating func joinBatch(_ record: JobRecord, _ place: JobTable.Index) -> JobBatchTable.Index? {
        guard let batch = record.job.batch else { return nil }
        var deadline = batchDeadline(accepted: record.times.accepted)
        if !configuration.safeguards.batchDeadline { deadline = max(deadline, self.deadline(of: record)) }
        return batches.add(place, to: batch, deadline: deadline)
    }

    mutating func leaveBatch(_ place: JobTable.Index) {
        guard let batch = table.batch(of: place) else { return }
        batches.remove(place, from: batch)
        // Only a job of which nothing is stored leaves an open batch. A restore would not find it, so it no longer counts.
        guard batches[batch].record == nil, !batches[batch].members.isEmpty else { return }
        let newest = batches[batch].members.reduce(JobEntry.none) { max($0, table[$1].accepted) }
        guard newest < table[place].accepted else { return }
        batches.setDeadline(batchDeadline(accepted: Instant(milliseconds: newest)), of: batch)
    }

    /// Replaces the job at this place by that of a record with the same id.
    mutating func replaceJob(_ place: JobTable.Index, by record: JobRecord) {
        // The new membership first: a batch that stays the same must not be removed in between.
        let (old, new) = (table.batch(of: place), joinBatch(record, place))
        if let old { batches.remove(place, from: old) }
        table.replaceJob(place, with: record.job, batch: new)
    }

    // MARK: Ends

    /// The one place where a batch ends: when its last job has, or at its deadline. Jobs that have a later one then continue.
    ///
    /// Called after each of its jobs' ends, so the record and the event are committed with those of the last one. With a
    /// file store only the record is: the event waits for the manifest.
    mutating func endIfDone(batch: JobBatchTable.Index, at now: EventTime, _ decisions: inout Decisions) {
        if let record = batches[batch].record { return batches.end(record, limit: limit(of: record)) }
        let isDone = batches[batch].isFull && batches[batch].runningCount == 0
        guard isDone || batches[batch].deadline <= now.wall.milliseconds else { return batches.arm(batch) }
        let members = batches[batch].members
        decisions.batchEnds.visitedJobs += members.count
        // A job whose own deadline has passed too ends as soon as its call in flight is answered, and is waited for.
        if members.contains(where: { table[$0].phase != .finished && table[$0].limit <= now.wall.milliseconds }) {
            return
        }
        // No end that counts is later, whatever clock it was decided by.
        let newest = members.reduce(JobEntry.none) { max($0, table[$1].finished) }
        let record = JobBatchRecord(
            batch: batches[batch].batch,
            status: !isDone
                ? .incomplete : members.allSatisfy { table[$0].status == .completed } ? .completed : .partial,
            ended: max(now.wall, Instant(milliseconds: newest)),
            published: nil
        )
        guard !configuration.storesFiles else { return close(batch, record, &decisions) }
        publish(event(ofBatch: batch, record), at: now, &decisions)
    }

    /// The time of an end that is decided now. A job that ends after its batch does so at a later time, whatever the clock
    /// shows: by that every worker knows which ends the batch's event counts.
    func timeOfEnd(_ place: JobTable.Index?, at now: EventTime) -> Instant {
        guard let batch = place.flatMap({ table.batch(of: $0) }), let record = batches[batch].record else {
            return now.wall
        }
        return max(now.wall, record.ended.advanced(by: .milliseconds(1)))
    }

    /// Records that the event of an ended batch is published, and publishes it.
    mutating func publish(_ event: JobBatchEvent, at now: EventTime, _ decisions: inout Decisions) {
        decide(
            JobBatchRecord(batch: event.batch, status: event.status, ended: event.ended, published: now.wall),
            &decisions
        )
        guard configuration.safeguards.batchEvents else { return }
        decisions.batchEnds.records.append(.batchEvent(partition: partition, event))
        decisions.batchEnds.reportsUponCommit.append(.batchEnded(partition: partition, event: event))
    }

    /// Decides a batch's record: applies it and puts it into the commit.
    mutating func decide(_ record: JobBatchRecord, _ decisions: inout Decisions) {
        apply(.batch(record))
        decisions.batchEnds.records.append(.state(partition: partition, .batch(record)))
    }

    /// The event of a batch whose end is decided: the same whenever it is built, because no job joins the batch from then on.
    func event(ofBatch place: JobBatchTable.Index, _ record: JobBatchRecord) -> JobBatchEvent {
        let members = batches[place].members.map { (place: $0, entry: table[$0]) }.sorted {
            ($0.entry.generation, $0.entry.offset) < ($1.entry.generation, $1.entry.offset)
        }
        let listed = members.map { member in
            let (entry, id) = (member.entry, job(of: member.place).id)
            guard entry.phase == .finished, entry.finished <= record.ended.milliseconds, let status = entry.status
            else {
                return JobBatchEvent.Member(jobID: id, status: nil)
            }
            let details = table.details(of: entry)
            return JobBatchEvent.Member(jobID: id, status: status, code: details.error?.code, files: details.files)
        }
        let first = members.first?.entry
        return JobBatchEvent(
            batch: batches[place].batch,
            status: record.status,
            source: RecordSource(partition: partition, offset: first?.offset ?? 0),
            members: listed,
            accepted: first.map { Instant(milliseconds: $0.accepted) } ?? record.ended,
            ended: record.ended
        )
    }

    /// Takes back an end that was decided and is not committed, because a record of a member was refused.
    mutating func reopen(batch id: String) {
        if let place = batches.find(id) { batches.reopen(place) }
    }

    // MARK: Timers

    /// The batch's deadline, a manifest's retry or bound, or the end of the time for which the batch is remembered.
    mutating func fire(batch place: JobBatchTable.Index, at now: EventTime, _ decisions: inout Decisions) {
        guard let record = batches[place].record else { return endIfDone(batch: place, at: now, &decisions) }
        guard let published = record.published else { return fireManifest(place, record, at: now, &decisions) }
        // A job may still run, or, without transactions, have an earlier state that a paused worker has restored. Its end
        // arms the timer again.
        guard batches[place].runningCount == 0 else { return }
        decisions.batchEnds.visitedJobs += batches[place].members.count
        // The window of a job that ended after its batch begins with its own event.
        let newest = batches[place].members.reduce(JobEntry.none) { max($0, table[$1].finished) }
        let end = max(published, Instant(milliseconds: newest)).advanced(by: configuration.deduplicationWindow)
        guard end <= now.wall else { return batches.end(record, limit: end) }
        forget(batch: place, &decisions)
    }

    /// Forgets a batch with all of its jobs in one step: a job of it that is enqueued again is known, or begins a new batch.
    private mutating func forget(batch place: JobBatchTable.Index, _ decisions: inout Decisions) {
        let id = batches[place].batch.id
        for member in batches[place].members { forget(member, &decisions) }
        apply(.batchForgotten(id: id))
        decisions.records.append(.state(partition: partition, .batchForgotten(id: id)))
    }

    // MARK: Restore

    /// Resumes a restored batch. One whose jobs have ended has an event, unless its commit was stored in part.
    mutating func resume(batch place: JobBatchTable.Index, at now: EventTime, _ decisions: inout Decisions) {
        guard let record = batches[place].record else { return endIfDone(batch: place, at: now, &decisions) }
        if record.published == nil { resumeManifest(place, record, at: now, &decisions) }
    }
}
