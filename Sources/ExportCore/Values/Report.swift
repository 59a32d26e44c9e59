/// Information for an operator; has no effect on decisions.
public enum Report: Sendable {
    /// A job was accepted.
    case accepted(partition: Int32, job: String, keyIsJobID: Bool, warnings: [FieldError])
    /// The same job came again: nothing was done, or its event was published again.
    case duplicate(partition: Int32, job: String, eventRepeated: Bool)
    /// A record is not written, because its topic accepts it in no form.
    case outputDropped(partition: Int32, OutputKind, name: String)
    /// A job ended; reported when its event is committed.
    case ended(partition: Int32, event: CompletionEvent)
    /// A batch ended; reported when its event is committed.
    case batchEnded(partition: Int32, event: JobBatchEvent)
    /// A record went to the dead-letter topic; reported when that is committed.
    case deadLettered(partition: Int32, offset: Int64, reason: String)
    /// The service ended an export as Failed and another is queued.
    case attemptFailed(partition: Int32, job: String, attempt: Int)
    /// A call failed and will be repeated.
    case callFailed(partition: Int32, job: String, kind: CallKind, message: String)
    /// A batch's manifest could not be stored; it is tried again.
    case manifestFailed(partition: Int32, batch: String, message: String)
    /// An account can no longer be used.
    case accountPaused(account: String, AccountProblem)
    /// The service refuses a share of an account's calls because multi-factor authentication is required; they are
    /// repeated.
    case partlyRefused(account: String, share: Double)
    /// A paused account works again.
    case accountResumed(account: String)
    /// The file store accepts no files: downloads wait.
    case storePaused(message: String)
    /// The file store accepts files again.
    case storeResumed
    /// A call kind of an account is slowed down. `asked` is the service's `Retry-After` where it was longer than the
    /// worker waits.
    case throttled(account: String, kind: CallKind, wait: Duration, asked: Duration?)
    /// An operator has paused jobs in a partition; reported when that is committed.
    case jobsPaused(partition: Int32, JobPause)
    /// A pause in a partition has ended; reported when that is committed.
    case jobsResumed(partition: Int32, JobPause)
    /// The worker takes no new jobs.
    case intakePaused(reason: IntakePause)
    /// The worker takes new jobs again.
    case intakeResumed(reason: IntakePause)
    /// Nearly every job is still refused after intake was paused for this long in all. Intake continues.
    case refusalsContinue(afterPauses: Duration)
    /// A partition is restored and takes jobs.
    case active(partition: Int32, epoch: Epoch, jobs: Int)
    /// A partition is stopped until an operator acts.
    case stopped(partition: Int32, epoch: Epoch, reason: StopReason)
    /// A partition is released.
    case released(partition: Int32, epoch: Epoch, jobs: Int)
    /// A partition was lost; uncommitted decisions are dropped.
    case lost(partition: Int32, epoch: Epoch, dropped: Int)
    /// An answer arrived for an assignment that has ended.
    case lateAnswer(partition: Int32, epoch: Epoch)
    /// Records of the jobs topic were deleted before a worker had read them.
    case unread(UnreadRecords)
    /// The group's committed offset is beyond the state's position: another consumer commits in the group. The
    /// worker continues from `position`.
    case foreignOffset(partition: Int32, committed: Int64, position: Int64)
}

extension Report {
    /// The partition that the report concerns, where it concerns one.
    public var partition: Int32? {
        switch self {
        case .accepted(let partition, _, _, _), .duplicate(let partition, _, _), .ended(let partition, _),
            .batchEnded(let partition, _), .deadLettered(let partition, _, _), .attemptFailed(let partition, _, _),
            .callFailed(let partition, _, _, _), .active(let partition, _, _), .stopped(let partition, _, _),
            .outputDropped(let partition, _, _), .released(let partition, _, _), .lost(let partition, _, _),
            .lateAnswer(let partition, _), .foreignOffset(let partition, _, _), .manifestFailed(let partition, _, _),
            .jobsPaused(let partition, _), .jobsResumed(let partition, _):
            partition
        case .unread(let records): records.partition
        case .accountPaused, .partlyRefused, .accountResumed, .storePaused, .storeResumed, .throttled,
            .intakePaused, .intakeResumed, .refusalsContinue:
            nil
        }
    }

    /// The id of the job that the report concerns, where it concerns one.
    public var jobID: String? {
        switch self {
        case .accepted(_, let job, _, _), .duplicate(_, let job, _), .attemptFailed(_, let job, _),
            .callFailed(_, let job, _, _):
            job
        case .ended(_, let event): event.jobID
        default: nil
        }
    }
}
