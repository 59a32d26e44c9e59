import ExportCore

/// The batches in the state topic and in the results topic.
struct BatchHistory {
    /// One batch, from the first record of its first job to its tombstone.
    struct Life {
        let size: Int
        /// The records of its jobs, in the order in which these began.
        var members: [JobRecord] = []
        var record: JobBatchRecord?
        /// The transaction that decided its end.
        var transaction: Int?
        var event: JobBatchEvent?
    }

    var open: [String: Life] = [:]
    /// Every published event, by the batch's id.
    var events: [String: [JobBatchEvent]] = [:]
    /// The statuses of all published events of a job.
    var publishedStatuses: [String: Set<JobStatus>] = [:]
}

/// One event for each batch: with the jobs that the state topic has, after all of their events. Without transactions, at
/// least one.
extension Oracle {
    // MARK: Members

    /// A job's first record is stored.
    func joined(_ record: JobRecord) {
        guard isExact, let batch = record.job.batch else { return }
        var life = batches.open[batch.id] ?? BatchHistory.Life(size: batch.size)
        if life.record != nil { world.fail("\(record.job.id) joins the batch \(batch.id), which has ended") }
        if life.size != batch.size {
            world.fail("\(record.job.id) joins a batch of \(life.size) as one of \(batch.size)")
        }
        life.members.append(record)
        if life.members.count > life.size {
            world.fail("batch \(batch.id) has \(life.members.count) of \(life.size) jobs")
        }
        batches.open[batch.id] = life
    }

    /// A job is forgotten.
    func left(_ record: JobRecord) {
        guard isExact, let batch = record.job.batch else { return }
        if batches.open[batch.id]?.event == nil, plan.configuration.safeguards.batchEvents {
            world.fail("\(record.job.id) was forgotten before its batch \(batch.id) had an event")
        }
        batches.open[batch.id]?.members.removeAll { $0.job.id == record.job.id }
    }

    /// A job that is refused because of its batch must have been refused for a reason that the state topic shows.
    func checkBatchRefusal(_ event: CompletionEvent) {
        guard isExact, event.error?.code == .invalidJob, let batch = event.job?.batch,
            event.error?.details.first?.field.hasPrefix("batch.") ?? false
        else { return }
        world.count("refused by its batch")
        // A record of another job may have been withdrawn since, because its topic refuses it.
        guard !plan.limits.isBounded else { return }
        guard let life = batches.open[batch.id] else {
            return world.fail("\(event.jobID) was refused because of a batch that is not known")
        }
        if life.size == batch.size, life.record == nil, life.members.count < life.size {
            world.fail("\(event.jobID) was refused, and its batch has \(life.members.count) of \(life.size) jobs")
        }
    }

    // MARK: Ends

    func batchStored(_ record: JobBatchRecord, in transaction: VirtualLog.Transaction) {
        guard isExact else { return }
        let id = record.batch.id
        guard let known = batches.open[id] else { return world.fail("batch \(id) ends and has no job") }
        if let before = known.record, before.published != nil || record.published == nil {
            world.fail("batch \(id) ended twice")
        }
        batches.open[id]?.record = record
        guard known.record == nil else { return }
        batches.open[id]?.transaction = transaction.id
        checkTransaction(record, known, transaction)
    }

    func batchForgotten(_ id: String) {
        guard isExact else { return }
        guard let life = batches.open.removeValue(forKey: id) else {
            return world.fail("batch \(id) was forgotten and never known")
        }
        if life.event == nil { world.fail("batch \(id) was forgotten without an event") }
        if !life.members.isEmpty { world.fail("batch \(id) was forgotten before \(life.members.map(\.job.id))") }
    }

    func batchPublished(_ event: JobBatchEvent, in transaction: VirtualLog.Transaction) {
        let id = event.batch.id
        world.count("batch: \(event.status)")
        if event.form != .whole { world.count("batch event reduced") }
        batches.events[id, default: []].append(event)
        guard isExact else { return }
        guard var life = batches.open[id], let record = life.record, record.published != nil else {
            return world.fail("an event for batch \(id), whose end is not stored")
        }
        guard life.event == nil else { return world.fail("batch \(id) has a second event") }
        life.event = event
        batches.open[id] = life
        checkMembers(event, life)
        checkStatus(event, life)
        checkManifest(event)
        checkBatchPromptness(event, life)
        if event.manifestLocation == nil, !event.lacksManifest, life.transaction != transaction.id {
            world.fail("batch \(id) ended and had an event only later, without a manifest")
        }
    }

    /// The event lists exactly the jobs in the state topic, in their order, each as its own event ended it.
    private func checkMembers(_ event: JobBatchEvent, _ life: BatchHistory.Life) {
        let id = event.batch.id
        let expected = life.members.map(\.job.id)
        guard event.members.map(\.jobID) == expected else {
            return world.fail("the event of batch \(id) lists \(event.members.map(\.jobID)), its jobs are \(expected)")
        }
        if event.batch.size != life.size || event.source.offset != life.members.first?.offset {
            world.fail("the event of batch \(id) names \(event.batch.size) jobs, from \(event.source.offset)")
        }
        for member in event.members {
            let own = lives[member.jobID]?.event
            guard member.status != nil else {
                let finished = own?.times.finished
                if let finished, finished <= event.ended {
                    world.fail("batch \(id) lists \(member.jobID) as open, which ended at \(finished)")
                }
                world.count("batch with open job")
                continue
            }
            guard let own else {
                world.fail("batch \(id) has an event before its job \(member.jobID)")
                continue
            }
            if own.status != member.status || own.files != member.files || own.error?.code != member.code {
                world.fail("batch \(id) lists \(describe(member)), its event says \(own.status)")
            }
        }
    }

    private func checkStatus(_ event: JobBatchEvent, _ life: BatchHistory.Life) {
        let id = event.batch.id
        let isCompleted = event.members.allSatisfy { $0.status == .completed }
        let isWhole = life.members.count == life.size && event.members.allSatisfy { $0.status != nil }
        let expected: JobBatchStatus = !isWhole ? .incomplete : isCompleted ? .completed : .partial
        if event.status != expected { world.fail("batch \(id) is \(event.status), expected \(expected)") }
        guard expected == .incomplete, let deadline = deadline(of: life), event.ended < deadline else { return }
        world.fail("batch \(id) ended at \(event.ended), its deadline is \(deadline)")
    }

    /// A batch waits for the default time after the acceptance of its newest job, whatever that job's own deadline is.
    private func deadline(of life: BatchHistory.Life) -> Instant? {
        life.members.map(\.times.accepted).max()?.advanced(by: plan.configuration.jobTimeout)
    }

    /// Checks that a batch ended soon after its deadline, or after the last of its jobs.
    private func checkBatchPromptness(_ event: JobBatchEvent, _ life: BatchHistory.Life) {
        let ends = life.members.compactMap { lives[$0.job.id]?.event?.times.finished }
        let due = event.status == .incomplete ? deadline(of: life) : ends.max()
        if let due, isLate(due), !isCrowdedBySlowFiles {
            world.fail("batch \(event.batch.id) was to end at \(due) and has its event only now")
        }
    }

    /// Where no job is missing, the end is decided in the transaction that ended the last of them.
    private func checkTransaction(
        _ record: JobBatchRecord,
        _ life: BatchHistory.Life,
        _ transaction: VirtualLog.Transaction
    ) {
        // The end of a job whose record was refused is in an earlier transaction.
        guard record.status != .incomplete, !plan.limits.isBounded else { return }
        let last = life.members.compactMap { lives[$0.job.id]?.transaction }.max()
        if last != transaction.id {
            world.fail("batch \(record.batch.id) ends in another transaction than its last job")
        }
    }

    /// With a file store the manifest is there before the event, with the same content.
    private func checkManifest(_ event: JobBatchEvent) {
        let id = event.batch.id
        guard plan.configuration.storesFiles else {
            if event.manifestLocation != nil || event.lacksManifest { world.fail("batch \(id) has a manifest") }
            return
        }
        guard let location = event.manifestLocation else {
            world.count("batch without manifest")
            let bound = event.ended.advanced(by: plan.configuration.jobTimeout)
            // The clock of a worker may be ahead.
            let isEarly =
                plan.start + world.now < bound.milliseconds && !plan.faults.contains(.clock)
                && !world.service.refusedManifests.contains(id)
            if isEarly || !event.lacksManifest { world.fail("batch \(id) has no manifest, and there was time left") }
            return
        }
        world.count("batch manifest")
        var content = event
        (content.manifestLocation, content.form) = (nil, .whole)
        if world.service.manifests[location] != content { world.fail("the manifest of batch \(id) has other content") }
    }

    func checkBatchesAtEnd() {
        if isExact {
            for id in batches.open.keys.sorted() { world.fail("batch \(id) was never forgotten") }
            return
        }
        guard !hasOverwrites else { return }
        let lives = lives.values.map { $0 } + endedLives.values.joined()
        for id in Set(lives.compactMap(\.record.job.batch?.id)).sorted() {
            // Earlier ones may have been published without the rest of their step, which then ended differently.
            guard let event = batches.events[id]?.last else {
                world.fail("batch \(id) has no event")
                continue
            }
            checkWithoutTransactions(event)
        }
    }

    private func checkWithoutTransactions(_ event: JobBatchEvent) {
        let id = event.batch.id
        if event.members.count > event.batch.size { world.fail("batch \(id) has \(event.members.count) jobs") }
        for member in event.members {
            if let status = member.status, batches.publishedStatuses[member.jobID]?.contains(status) != true {
                world.fail("batch \(id) lists \(describe(member)), and it has no such event")
            }
        }
    }

    private func describe(_ member: JobBatchEvent.Member) -> String {
        "\(member.jobID) as \(member.status.map { "\($0)" } ?? "open")"
    }
}
