/// What deciding yields: records to commit, calls that wait for that commit, calls that may go
/// at once, and what to tell the operator, now or once it is committed.
struct Decisions {
    var records: [OutputRecord] = []
    var callsUponCommit: [CallToken] = []
    var callsNow: [CallToken] = []
    var reports: [Report] = []
    var reportsUponCommit: [Report] = []
    /// Jobs whose fate was decided: `true` for one that was refused. For the intake breaker.
    var refusals: [Bool] = []
}
