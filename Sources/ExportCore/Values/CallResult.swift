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
