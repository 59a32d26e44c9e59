/// The result of a decision: records to commit, calls that wait for that commit, calls that may start
/// at once, and reports for the operator, now or after the commit.
struct Decisions {
    var records: [OutputRecord] = []
    var callsUponCommit: [CallToken] = []
    var callsNow: [CallToken] = []
    /// Transfers in flight that no job waits for any more.
    var cancellations: [CallToken] = []
    var reports: [Report] = []
    var reportsUponCommit: [Report] = []
    /// What ends batches. Behind the other records, so that a batch's event follows those of its jobs.
    var batchEnds = BatchEnds()
    /// Which ends of pauses the records contain; see ``PauseTable/beginEnd(of:)``.
    var endOfPauses: UInt32?
    /// The outcome of each decided job, for the intake breaker: `true` for one that was refused.
    var refusals: [Bool] = []
}

/// The decisions that end batches: their records and events, calls and reports.
struct BatchEnds {
    /// How many jobs of batches were visited for them: their work, which a turn's timers share.
    var visitedJobs = 0
    var records: [OutputRecord] = []
    var callsUponCommit: [CallToken] = []
    var reportsUponCommit: [Report] = []
}
