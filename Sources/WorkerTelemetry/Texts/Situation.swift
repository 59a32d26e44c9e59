/// A situation that may need an operator, as a code. The command has the remedy as a sentence.
package enum Situation: String, Sendable, CaseIterable {
    /// The worker has not connected to Kafka yet.
    case starting
    /// The worker is stopping.
    case stopping
    /// The worker is not in the consumer group.
    case notJoined
    /// The engine answers no question.
    case engineSilent
    /// A loop makes no progress.
    case loopStuck
    /// Loops make no progress, and `/livez` fails.
    case notAlive
    /// A partition's restore takes long.
    case restoring
    /// A partition's release takes long.
    case handOverStuck
    /// A partition has unread records, and none arrives.
    case intakeStuck
    /// An open transaction of another producer keeps back jobs.
    case openTransaction
    /// A timer is overdue.
    case timersLate
    /// Commits fail in a row.
    case commitsFailing
    /// A commit does not complete.
    case commitStuck
    /// Calls wait although there is budget.
    case callsStuck
    /// The service refuses a share of the calls because multi-factor authentication is required.
    case callsPartlyRefused
    /// The service does not answer the calls of an account.
    case serviceUnreachable
    /// The service asks for fewer calls.
    case throttled
    /// The file store accepts no files.
    case storeUnavailable
    /// Downloads fail.
    case downloadsFailing
    /// Jobs may miss their deadlines.
    case jobsLate
    /// The configuration could not be read again.
    case configurationNotReloaded
    /// An account's newest refresh token is not saved.
    case refreshTokenNotSaved
    /// An account's refresh token was not used for long.
    case refreshTokenExpiring
    /// A record is not a valid job.
    case deadLetter
    /// A record was not written, because its topic accepts it in no form.
    case outputDropped
    /// A partition was lost before it could be released.
    case partitionLost
    /// Records were deleted before a worker had read them.
    case recordsUnread
    /// Another consumer commits in the group.
    case foreignOffset
    /// A call or a commit failed and is repeated.
    case retrying
    /// A request names a host that the console does not answer to.
    case hostNotAllowed
    /// Another worker's console does not answer.
    case workerUnreachable
    /// Another program, or another worker, answers at the address of a worker's console.
    case consoleMisaddressed
    /// The broker does not report the members of the group.
    case membersUnknown
    /// No worker owns a partition, or its owner is restoring it.
    case partitionNotServed
    /// No worker knows a job.
    case jobUnknown
}
