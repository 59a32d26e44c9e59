/// The kinds of calls that the core requests.
public enum CallKind: UInt8, Hashable, Sendable, CaseIterable {
    /// POST: queue an export.
    case create = 0
    /// GET: poll an export.
    case poll = 1
    /// DELETE: remove an export.
    case delete = 2
    /// Download the file into the file store.
    case download = 3
    /// Store a batch's manifest in the file store.
    case manifest = 4

    /// The kinds of calls for jobs: all but manifests, which belong to batches.
    public static let ofJobs = allCases.filter { $0 != .manifest }

    /// Whether it takes a slot for downloads, and no budget of the service's.
    public var isTransfer: Bool { self == .download || self == .manifest }
}

/// Identifies one call for one job. An answer counts only while its token is the job's newest and
/// its epoch is the partition's present one.
public struct CallToken: Hashable, Sendable {
    /// The partition of the job.
    public var partition: Int32
    /// The assignment of that partition for which the call was made.
    public var epoch: Epoch
    /// The job's place in the partition's table; for a manifest, the batch's.
    var place: UInt32
    /// The call's number within the partition.
    var callID: UInt32
    /// The kind of call.
    public var kind: CallKind
    /// The account's number; `CoreConfiguration.accounts.count` and above for one that is not configured.
    var account: UInt16
}

/// Counts the assignments of partitions to this worker. A partition that is revoked and assigned again has
/// another epoch.
public typealias Epoch = UInt32

/// A call with its parameters.
public struct Call: Sendable {
    /// Identifies the call; returned with its answer.
    public var token: CallToken
    /// The job; for a manifest, the first one of its batch.
    public var job: ExportJob
    /// The attempt that the call belongs to; with the job's id it makes the idempotency id.
    public var attempt: Int
    /// The service's id of the export, for all but create.
    public var requestID: String?
    /// Where the file is, for a download.
    public var blobURL: String?
    /// When the job was accepted; part of the file's key.
    public var accepted: Instant
    /// Whether that time is part of the idempotency id too; false for jobs of older records.
    public var isNamedByAcceptance = false
    /// For a manifest: the content to store.
    public var batch: JobBatchEvent?
}

/// The state of an export as the service reports it.
public enum ExportStatus: Hashable, Sendable {
    /// The service has queued it.
    case queued
    /// The service works on it.
    case processing
    /// Its file exists, or is about to.
    case completed
    /// The export failed at the service.
    case failed
    /// A state that this worker does not know; polled again.
    case unknown(String)
}

/// Why an account cannot be used.
public enum AccountProblem: Hashable, Sendable {
    /// The service or the identity provider refuses the credentials; probed periodically.
    case refused(message: String)
    /// The service demands a sign-in with multi-factor authentication, which only a person can do. Probed when the
    /// credentials change, and rarely otherwise.
    case mfaRequired(message: String)
    /// A further attempt would prolong the lock; only new credentials help.
    case locked(message: String)

    /// What happened and what to do about it.
    public var message: String {
        switch self {
        case .refused(let message), .mfaRequired(let message), .locked(let message): message
        }
    }
}

/// Why a call failed.
public enum CallFailure: Hashable, Sendable {
    /// It may work later: time-outs, 5xx, connection failures.
    case transient(message: String)
    /// 429: the service throttles all calls of this kind for this account.
    case throttled(retryAfter: Duration?)
    /// It will never work for this job.
    case refused(message: String)
    /// The download is not a file of the export, or may be only a part of one. It is repeated a few times before the
    /// job fails.
    case unusableFile(message: String)
    /// The file's location is not an allowed one. It is never published.
    case refusedLocation(message: String)
    /// The file store accepts no files at present.
    case storeUnavailable(message: String)
    /// It fails for every job of this account at present.
    case account(AccountProblem)
    /// The worker cancelled the call.
    case abandoned
}

/// The answer to a call.
public enum CallResult: Sendable {
    /// The export is queued under this id.
    case created(requestID: String)
    /// The export's present state, the location of its file once it exists, and when the service received its request.
    case polled(ExportStatus, url: String?, expiresAt: Instant?, requested: Instant? = nil)
    /// The export is deleted.
    case deleted
    /// The service does not delete it in its present state.
    case notDeletableYet
    /// There is no such export.
    case notFound
    /// The file is in the file store.
    case stored(ExportFile)
    /// The URL has expired; a poll returns a fresh one.
    case urlExpired
    /// The call failed.
    case failed(CallFailure)
}

/// A record for one of the topics.
public enum OutputRecord: Sendable {
    /// For the state topic, partition of the same number.
    case state(partition: Int32, StateRecord)
    /// For the results topic.
    case event(partition: Int32, CompletionEvent)
    /// For the results topic: the event of a batch.
    case batchEvent(partition: Int32, JobBatchEvent)
    /// For the dead-letter topic.
    case deadLetter(DeadLetter)

    /// The jobs partition whose decision this is.
    public var partition: Int32 {
        switch self {
        case .state(let partition, _), .event(let partition, _), .batchEvent(let partition, _): partition
        case .deadLetter(let letter): letter.partition
        }
    }
}

/// The kinds of records that can be dropped.
public enum OutputKind: String, Hashable, Sendable, CaseIterable {
    /// A completion event.
    case event
    /// The event of a batch.
    case batchEvent
    /// A record that could not be read as a job.
    case deadLetter
}

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

/// Offsets of a jobs partition whose records were deleted unread. Transaction markers have offsets too, so there may
/// have been fewer records than offsets.
public struct UnreadRecords: Sendable, Hashable {
    /// The partition.
    public var partition: Int32
    /// The first offset that was not read.
    public var from: Int64
    /// The first offset that the partition still has.
    public var to: Int64

    /// Creates a value.
    public init(partition: Int32, from: Int64, to: Int64) {
        self.partition = partition
        self.from = from
        self.to = to
    }

    /// The number of offsets.
    public var count: Int { Int(max(0, to - from)) }
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

/// Why no new jobs are taken.
public enum IntakePause: String, Hashable, Sendable, CaseIterable {
    /// As many jobs as ``CoreConfiguration/maxPending`` wait to be submitted.
    case pending
    /// Nearly every recent job was refused.
    case failures
    /// Commits do not keep up.
    case commits
}
