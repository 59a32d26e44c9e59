// When jobs and timers are due.
extension PartitionMachine {
    /// When the job ends as failed unless it has ended otherwise. The default counts from the later of the job's
    /// acceptance and its `notBefore`.
    func deadline(of record: JobRecord) -> Instant {
        if let deadline = record.job.deadline { return deadline }
        let start = max(record.times.accepted, record.job.notBefore ?? record.times.accepted)
        return start.advanced(by: configuration.jobTimeout)
    }

    /// What the job's phase waits for on the wall clock.
    func limit(of record: JobRecord) -> Instant {
        switch record.phase {
        case .accepted: min(record.job.notBefore ?? record.times.accepted, deadline(of: record))
        case .submitting, .waiting, .ready: deadline(of: record)
        // The job of a batch is forgotten together with its batch.
        case .finished where record.job.batch != nil && configuration.safeguards.batchRetention: .distantFuture
        case .finished:
            (record.times.finished ?? record.times.accepted).advanced(by: configuration.deduplicationWindow)
        }
    }

    /// Until when a job keeps its batch open: for the default time after its acceptance. Its own deadline and its `notBefore`
    /// do not count, because they may be years away.
    func batchDeadline(accepted: Instant) -> Instant { accepted.advanced(by: configuration.jobTimeout) }

    /// When a batch whose end is decided is forgotten, or published without its manifest.
    func limit(of record: JobBatchRecord) -> Instant {
        guard let published = record.published else { return record.ended.advanced(by: configuration.jobTimeout) }
        return published.advanced(by: configuration.deduplicationWindow)
    }

    /// The earliest wake timer of the partition's jobs and batches.
    var nextWake: MonotonicInstant {
        min(table.nextWake ?? .distantFuture, MonotonicInstant(milliseconds: batches.nextWake))
    }

    /// The earliest limit of the partition's jobs, batches and pauses.
    var nextLimit: Instant {
        min(table.nextLimit ?? .distantFuture, Instant(milliseconds: min(batches.nextLimit, pauses.nextEnd)))
    }

    /// Whether a timer of a job, a batch or a pause is due.
    func isAnyDue(at now: EventTime) -> Bool {
        table.isAnyDue(at: now) || pauses.nextEnd <= now.wall.milliseconds || batches.nextLimit <= now.wall.milliseconds
            || batches.nextWake <= now.monotonic.milliseconds
    }

    /// When the next timer fires, as long as the wall clock is not set.
    func nextTimer(at now: EventTime) -> MonotonicInstant? {
        let limit = now.monotonic(at: nextLimit)
        let next = min(nextWake, limit)
        return next == .distantFuture ? nil : next
    }
}
