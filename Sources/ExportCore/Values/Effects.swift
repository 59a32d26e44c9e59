/// The calls that the core asks for.
public enum CallKind: UInt8, Hashable, Sendable, CaseIterable {
    /// POST: queue an export.
    case create = 0
    /// GET: look at an export.
    case poll = 1
    /// DELETE: remove an export.
    case delete = 2
    /// Bring the file into the file store.
    case download = 3
}

/// Names one call for one job. An answer is taken only while its token is the job's newest and
/// its epoch the partition's present one.
public struct CallToken: Hashable, Sendable {
    /// The partition of the job.
    public var partition: Int32
    /// The assignment of that partition for which the call was made.
    public var epoch: Epoch
    /// The job's place in the partition's table.
    var place: UInt32
    /// The call's number within the partition.
    var ticket: UInt32
    /// What is called.
    public var kind: CallKind
    /// The account's number; `CoreConfiguration.accounts.count` and above for one that is not configured.
    var account: UInt16
}

/// Counts the assignments of partitions to this worker. A partition that goes and comes back has
/// another epoch.
public typealias Epoch = UInt32

/// A call with all that it needs.
public struct Call: Sendable {
    /// Names the call; comes back with its answer.
    public var token: CallToken
    /// The job.
    public var job: ExportJob
    /// The attempt that the call belongs to; with the job's id it makes the idempotency id.
    public var attempt: Int
    /// The service's id of the export, for all but create.
    public var requestID: String?
    /// Where the file is, for a download.
    public var blobURL: String?
    /// When the job was accepted; part of the file's key.
    public var accepted: Instant
    /// Whether that moment is part of the idempotency id too; not for jobs of older records.
    public var isNamedByAcceptance = false
}

/// The state of an export as the service tells it.
public enum ExportStatus: Hashable, Sendable {
    /// It waits at the service.
    case queued
    /// The service works on it.
    case processing
    /// Its file is there, or about to be.
    case completed
    /// The service gave up.
    case failed
    /// A state that this worker does not know: looked at again.
    case unknown(String)
}

/// Why an account cannot be used.
public enum AccountProblem: Hashable, Sendable {
    /// The service or the identity provider refuses the credentials; tried again now and then.
    case refused(message: String)
    /// Trying again would make it worse; only new credentials help.
    case locked(message: String)

    /// What happened and what to do about it.
    public var message: String {
        switch self {
        case .refused(let message), .locked(let message): message
        }
    }
}

/// Why a call gave no answer to its question.
public enum CallFailure: Hashable, Sendable {
    /// It may work later: time-outs, 5xx, connection failures.
    case passing(message: String)
    /// 429: the service wants all calls of this kind for this account slowed down.
    case throttled(retryAfter: Duration?)
    /// It will never work for this job.
    case refused(message: String)
    /// It works for no job of this account at present.
    case account(AccountProblem)
    /// The worker stopped the call itself.
    case abandoned
}

/// The answer to a call.
public enum CallResult: Sendable {
    /// The export is queued under this id.
    case created(requestID: String)
    /// The export's present state, and where its file is once it is there.
    case seen(ExportStatus, url: String?, expiresAt: Instant?)
    /// The export is deleted.
    case deleted
    /// The service does not delete it in its present state.
    case notDeletableYet
    /// There is no such export.
    case notFound
    /// The file lies in the file store.
    case stored(ExportFile)
    /// The URL does not work any more; a look at the export yields a fresh one.
    case urlExpired
    /// No answer.
    case failed(CallFailure)
}

/// A record for one of the topics.
public enum OutputRecord: Sendable {
    /// For the state topic, partition of the same number.
    case state(partition: Int32, StateRecord)
    /// For the results topic.
    case event(partition: Int32, CompletionEvent)
    /// For the dead-letter topic.
    case deadLetter(DeadLetter)

    /// The jobs partition whose decision this is.
    public var partition: Int32 {
        switch self {
        case .state(let partition, _), .event(let partition, _): partition
        case .deadLetter(let letter): letter.partition
        }
    }
}

/// Something worth telling an operator; never decides anything.
public enum Report: Sendable {
    /// A job was taken.
    case accepted(partition: Int32, job: String, keyIsJobID: Bool, warnings: [FieldError])
    /// The same job came again: nothing was done, or its event was published again.
    case duplicate(partition: Int32, job: String, eventRepeated: Bool)
    /// A job ended; told when its event is committed.
    case ended(partition: Int32, event: CompletionEvent)
    /// A record went to the dead-letter topic; told when that is committed.
    case deadLettered(partition: Int32, offset: Int64, reason: String)
    /// The service ended an export as Failed and another is queued.
    case attemptFailed(partition: Int32, job: String, attempt: Int)
    /// A call failed and will be repeated.
    case callFailed(partition: Int32, job: String, kind: CallKind, message: String)
    /// An account can no longer be used.
    case accountPaused(account: String, AccountProblem)
    /// A paused account works again.
    case accountResumed(account: String)
    /// A call kind of an account is slowed down.
    case throttled(account: String, kind: CallKind, wait: Duration)
    /// No new jobs are taken for now.
    case intakePaused(reason: IntakePause)
    /// New jobs are taken again.
    case intakeResumed(reason: IntakePause)
    /// A partition is restored and takes jobs.
    case active(partition: Int32, epoch: Epoch, jobs: Int)
    /// A partition is stopped and stays untouched until somebody acts.
    case stopped(partition: Int32, epoch: Epoch, reason: String)
    /// A partition is handed over.
    case released(partition: Int32, epoch: Epoch, jobs: Int)
    /// A partition was taken away; what was not committed is dropped.
    case lost(partition: Int32, epoch: Epoch, dropped: Int)
    /// An answer came for an assignment that is over.
    case lateAnswer(partition: Int32, epoch: Epoch)
}

extension Report {
    /// The partition that it is about, where it is about one.
    var partition: Int32? {
        switch self {
        case .accepted(let partition, _, _, _), .duplicate(let partition, _, _), .ended(let partition, _),
            .deadLettered(let partition, _, _), .attemptFailed(let partition, _, _),
            .callFailed(let partition, _, _, _), .active(let partition, _, _), .stopped(let partition, _, _),
            .released(let partition, _, _), .lost(let partition, _, _), .lateAnswer(let partition, _):
            partition
        case .accountPaused, .accountResumed, .throttled, .intakePaused, .intakeResumed: nil
        }
    }
}

/// Why no new jobs are taken.
public enum IntakePause: UInt8, Hashable, Sendable, CaseIterable {
    /// `WORKER_MAX_PENDING` jobs wait to be submitted.
    case pending
    /// Nearly every job of late was refused.
    case failures
    /// Commits do not keep up.
    case commits
}
