// Records that a topic does not accept. Only they are replaced; the rest of their batch is sent again unchanged.
extension WorkerMachine {
    mutating func outputsRefused(
        _ id: UInt64,
        _ refusals: [OutputRefusal],
        at now: EventTime,
        _ actions: inout [WorkerAction]
    ) {
        // A batch that a refusal does not change must not be sent again at once.
        guard let refused = batches.refused(id, refusals, at: now.monotonic) else {
            return batches.failed(id, at: now.monotonic)
        }
        // One decision for each life, however many of its records are refused; its state first, because its event follows
        // from that.
        var decided: Set<JobLife> = []
        for dropped in refused where takesDecisions(dropped.record.partition) {
            guard case .state(let partition, let record) = dropped.record else { continue }
            guard case .job(let job) = record else {
                stopRefused(partition, &actions)
                continue
            }
            guard decided.insert(JobLife(partition: partition, job)).inserted else { continue }
            stateRefused(job, dropped, at: now, &actions)
        }
        for dropped in refused where takesDecisions(dropped.record.partition) {
            switch dropped.record {
            case .deadLetter(let letter):
                actions.append(
                    .report(.outputDropped(partition: letter.partition, .deadLetter, name: "\(letter.offset)"))
                )
            case .event(let partition, let event):
                let isNew = event.status == .rejected || decided.insert(JobLife(partition: partition, event)).inserted
                if isNew { eventRefused(event, partition, dropped, at: now, &actions) }
            case .batchEvent(let partition, let event):
                actions.append(.report(.outputDropped(partition: partition, .batchEvent, name: event.batch.id)))
            case .state: break
            }
        }
    }

    private mutating func takesDecisions(_ partition: Int32) -> Bool {
        slots.indices.contains(Int(partition)) && slots[Int(partition)]?.takesAnswers ?? false
    }

    private mutating func eventRefused(
        _ event: CompletionEvent,
        _ partition: Int32,
        _ dropped: DroppedRecord,
        at now: EventTime,
        _ actions: inout [WorkerAction]
    ) {
        let life = JobLife(partition: partition, event)
        guard event.status != .rejected, event.error?.code != .tooLarge, let end = batches.uncommittedEnd(of: life)
        else {
            // The job's end is stored and cannot change.
            return actions.append(.report(.outputDropped(partition: partition, .event, name: event.jobID)))
        }
        let message =
            "The completion event is larger than the results topic accepts, even without metadata. Raise max.message.bytes of the results topic, or enqueue the job again with a shorter filter under a new jobId."
        var decisions = Decisions()
        let place = withdraw(life, of: end.job, replacing: dropped)
        slots[Int(partition)]?.machine.endAsTooLarge(end, message, at: now, &decisions)
        replace(dropped, at: place, decisions, now, &actions)
    }

    private mutating func stateRefused(
        _ record: JobRecord,
        _ dropped: DroppedRecord,
        at now: EventTime,
        _ actions: inout [WorkerAction]
    ) {
        let partition = dropped.record.partition
        let life = JobLife(partition: partition, record)
        if record.isLeast { return stopRefused(partition, &actions) }
        let isOfEarlierTopic = record.generation < slots[Int(partition)]?.machine.generation ?? 0
        let isStored = isOfEarlierTopic || record.offset < slots[Int(partition)]?.storedPosition ?? 0
        var decisions = Decisions()
        let place = withdraw(life, of: record.job, replacing: dropped)
        if isStored {
            let message =
                "The job's record is larger than the state topic accepts. Raise max.message.bytes of the state topic, or enqueue the job again with less metadata and a shorter filter under a new jobId."
            slots[Int(partition)]?.machine.endAsTooLarge(record, message, at: now, &decisions)
        } else {
            let decided = batches.committingPosition(of: partition) ?? record.offset.saturatingAdding(1)
            slots[Int(partition)]?.machine.refuseAsTooLarge(record, decided: decided, at: now, &decisions)
        }
        replace(dropped, at: place, decisions, now, &actions)
    }

    /// Removes what is not committed of a job, and of its batch's end, which counts the job.
    private mutating func withdraw(_ life: JobLife, of job: ExportJob, replacing dropped: DroppedRecord) -> Int {
        if let batch = job.batch, batches.withdrawEnd(ofBatch: batch.id, partition: life.partition) {
            slots[Int(life.partition)]?.machine.reopen(batch: batch.id)
        }
        return batches.withdraw(life, replacing: dropped)
    }

    /// Puts decisions in the place of what was withdrawn, into the same batch: the batch's positions count the job's record
    /// as decided.
    private mutating func replace(
        _ dropped: DroppedRecord,
        at place: Int,
        _ decisions: Decisions,
        _ now: EventTime,
        _ actions: inout [WorkerAction]
    ) {
        count(refusals: decisions.refusals, at: now, &actions)
        for token in decisions.callsNow { enqueue(token) }
        actions.append(contentsOf: decisions.reports.map { .report($0) })
        batches.amend(decisions, replacing: dropped, at: place, now: now.monotonic)
        guard !decisions.batchEnds.records.isEmpty else { return }
        // Not in the batch that is sent again: the ends of the other jobs may be in a later one, which they must not precede.
        var ends = Decisions()
        ends.batchEnds = decisions.batchEnds
        gather(ends, slot: Int(dropped.record.partition), at: now, &actions)
    }

    /// The topic does not accept even the smallest record: nothing of this partition can be decided.
    private mutating func stopRefused(_ partition: Int32, _ actions: inout [WorkerAction]) {
        guard let epoch = epoch(of: partition) else { return }
        _ = batches.drop(partition)
        stop(partition, epoch, .stateRefused, &actions)
    }
}

extension JobRecord {
    /// Whether the record cannot be made smaller.
    fileprivate var isLeast: Bool {
        error?.code == .tooLarge && job.filter == nil && job.metadataJSON == nil
    }
}
