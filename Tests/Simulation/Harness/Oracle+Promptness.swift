import ExportCore

/// Only faults excuse a delay: once they have ended, every job must be done in time.
extension Oracle {
    /// Longer than the sum of any back-off, probe and poll interval.
    private var grace: Int64 {
        2 * 3_600_000 + 2 * plan.configuration.pollMaxInterval.wholeMilliseconds
    }

    /// The time when all faults have ended. The credentials of a locked account change a little after the lock.
    private var quietFrom: Int64 { plan.chaosEnd + 120_000 }

    private func sinceStart(_ instant: Instant) -> Int64 { instant.milliseconds - plan.start }

    /// Whether a job that missed its deadline had enough time.
    func hadTime(_ event: CompletionEvent, _ job: ExportJob) -> Bool {
        let deadline = sinceStart(self.deadline(of: job, accepted: event.times.accepted))
        var possible = max(quietFrom, sinceStart(event.times.accepted))
        if let notBefore = job.notBefore { possible = max(possible, sinceStart(notBefore)) }
        // Failed attempts took time too, and the event carries only the last one.
        for export in world.service.exports(of: job, accepted: event.times.accepted) {
            possible = max(possible, export.urlFrom, export.ended)
        }
        return possible + grace < deadline
    }

    /// The job's own deadline, or the default, counted from the later of its acceptance and its `notBefore`.
    func deadline(of job: ExportJob, accepted: Instant) -> Instant {
        let start = max(accepted, job.notBefore ?? accepted)
        return job.deadline ?? start.advanced(by: plan.configuration.jobTimeout)
    }

    /// Checks that a job's first record was stored in time.
    func checkAcceptance(_ record: JobRecord) {
        guard let arrival = arrivalTimes[record.job.id]?[record.offset] else {
            return world.fail("\(record.job.id) was never enqueued at offset \(record.offset)")
        }
        if world.now > max(arrival, quietFrom) + grace {
            world.fail("\(record.job.id) was enqueued at \(arrival) ms and accepted only now")
        }
    }

    /// Whether something that was due at this time should have happened by now.
    func isLate(_ due: Instant) -> Bool { world.now > max(sinceStart(due), quietFrom) + grace }

    /// Checks that a forgotten job's export was deleted at the service, if there was time.
    func checkCleanup(_ life: Life) {
        let (record, configuration) = (life.record, plan.configuration)
        let isDeleted =
            record.status == .cancelled
            || record.status == .completed && configuration.storesFiles && configuration.deletesAfterDownload
        guard isDeleted, record.job.adoptedRequestID == nil, world.service.honoursIdempotency,
            let finished = record.times.finished
        else { return }
        for export in world.service.exports(of: record.job, accepted: record.times.accepted)
        where export.succeeds && export.exists(at: world.now) {
            if max(quietFrom, sinceStart(finished), export.ended) + grace < world.now {
                world.fail(
                    "export \(export.id) of \(record.job.id), which is \(record.status.map { "\($0)" } ?? ""), was never deleted"
                )
            }
        }
    }

    /// Checks that a new attempt follows only a failed one.
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
