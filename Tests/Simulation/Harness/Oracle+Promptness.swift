import ExportCore

/// Chaos excuses delay, and nothing else does: when all is well again, everything gets done.
extension Oracle {
    /// Longer than any back-off, probe and look at an export may take together.
    private var grace: Int64 {
        2 * 3_600_000 + 2 * plan.configuration.pollMaxInterval.wholeMilliseconds
    }

    /// From when on nothing is wrong any more; accounts are told of new credentials a little after the chaos.
    private var quietFrom: Int64 { plan.chaosEnd + 600_000 }

    private func sinceStart(_ instant: Instant) -> Int64 { instant.milliseconds - plan.start }

    /// Whether a job that ran out of time did so without an excuse.
    func hadTime(_ event: CompletionEvent, _ job: ExportJob) -> Bool {
        let timeout = event.times.accepted.advanced(by: plan.configuration.jobTimeout)
        let deadline = sinceStart(job.deadline ?? timeout)
        var possible = max(quietFrom, sinceStart(event.times.accepted))
        if let notBefore = job.notBefore { possible = max(possible, sinceStart(notBefore)) }
        if let export = event.requestID.flatMap({ world.service.export($0) }) {
            possible = max(possible, export.urlFrom, export.ended)
        }
        return possible + grace < deadline
    }

    /// A job's first record is stored.
    func checkAcceptance(_ record: JobRecord) {
        guard let arrival = arrivalTimes[record.job.id]?[record.offset] else {
            return world.fail("\(record.job.id) was never enqueued at offset \(record.offset)")
        }
        if world.now > max(arrival, quietFrom) + grace {
            world.fail("\(record.job.id) was enqueued at \(arrival) ms and taken only now")
        }
    }

    /// A job is forgotten: what was to be deleted at the service must be gone, if there was time.
    func checkCleanup(_ life: Life) {
        let (record, configuration) = (life.record, plan.configuration)
        let isDeleted =
            record.status == .cancelled && record.job.adoptedRequestID == nil
            || record.status == .completed && configuration.storesFiles && configuration.deletesAfterDownload
        guard isDeleted, world.service.honoursIdempotency, let finished = record.times.finished else { return }
        for export in world.service.exports(of: record) where export.succeeds && export.exists(at: world.now) {
            if max(quietFrom, sinceStart(finished), export.ended) + grace < world.now {
                world.fail(
                    "export \(export.id) of \(record.job.id), which is \(record.status.map { "\($0)" } ?? ""), was never deleted"
                )
            }
        }
    }

    /// A new attempt is only made when the one before it has failed.
    func checkAttempt(_ old: JobRecord, _ new: JobRecord) {
        guard new.phase == .submitting, old.phase == .waiting || old.phase == .ready else { return }
        if let export = old.requestID.flatMap({ world.service.export($0) }), export.succeeds {
            world.fail("\(new.job.id) is submitted again, and export \(export.id) has not failed")
        }
        if new.attempt != old.attempt + 1 {
            world.fail("\(new.job.id) went from attempt \(old.attempt) to \(new.attempt)")
        }
    }
}
