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
        case .finished:
            (record.times.finished ?? record.times.accepted).advanced(by: configuration.deduplicationWindow)
        }
    }

    /// When the next timer fires, as long as the wall clock is not set.
    func nextTimer(at now: EventTime) -> MonotonicInstant? {
        let limit = table.nextLimit.map { now.monotonic(at: $0) }
        return [table.nextWake, limit].compactMap { $0 }.min()
    }
}
