extension PartitionMachine {
    /// Ends a job because a record or event of it is larger than its topic accepts. Nothing of that is stored.
    ///
    /// - Parameter refused: the record that was refused, or whose event was.
    mutating func endAsTooLarge(
        _ refused: JobRecord,
        _ message: String,
        at now: EventTime,
        _ decisions: inout Decisions
    ) {
        let place = table.find(refused.job.id).flatMap { table[$0].offset == refused.offset ? $0 : nil }
        var record = place.map { self.record(of: $0) } ?? refused
        // Refused a second time: leave out the parts that came with the job.
        if record.error?.code == .tooLarge {
            record.job.filter = nil
            record.job.metadataJSON = nil
        }
        record.files = []
        if record.status == .completed { record.cleanup = .none }
        let error = JobError(code: .tooLarge, message: message)
        guard place != nil else { return writeEnd(&record, error, at: now, &decisions) }
        end(&record, .failed, error, at: now, &decisions)
    }

    /// The job is forgotten already; its end is still to be written.
    private func writeEnd(_ record: inout JobRecord, _ error: JobError, at now: EventTime, _ decisions: inout Decisions)
    {
        record.phase = .finished
        record.status = .failed
        record.error = error
        record.times.finished = now.wall
        record.blobURL = nil
        decisions.records.append(.state(partition: partition, .job(record)))
        guard let event = CompletionEvent(record, partition: partition) else { return }
        decisions.records.append(.event(partition: partition, event))
        decisions.reportsUponCommit.append(.ended(partition: partition, event: event))
    }

    /// Refuses a job of which nothing is stored yet, because its first record is larger than the state topic accepts.
    ///
    /// - Parameter decided: the position of the batch that held the record. What was received since is decided too and
    ///   belongs to a later batch: a position record of this one must not count it.
    mutating func refuseAsTooLarge(
        _ refused: JobRecord,
        decided: Int64,
        at now: EventTime,
        _ decisions: inout Decisions
    ) {
        let id = refused.job.id
        if let place = table.find(id), table[place].offset == refused.offset,
            table[place].generation == refused.generation
        {
            apply(.forgotten(id: id))
        }
        let message =
            "The job is larger than a record of the state topic may be. Enqueue it with less metadata and a shorter filter under a new jobId, or raise max.message.bytes of the state topic."
        // The record itself is no longer here; the dead letter names where it is, with the key that a valid record has.
        let key = refused.job.batch?.id ?? id
        let original = OriginalRecord(key: Array(key.utf8), value: nil, omitted: OmittedParts(value: 0))
        deadLetter(original, at: refused.offset, reason: message, form: .reduced, &decisions)
        let error = JobError(code: .tooLarge, message: message)
        reject(id, refused.offset, job: refused.job, error: error, trace: refused.job.trace, at: now, &decisions)
        // The job's record also held the partition's position.
        let position = decidedPosition.limited(to: decided)
        apply(.position(position))
        decisions.records.append(.state(partition: partition, .position(position)))
    }
}
