/// Why a job did not complete: the `error.code` of its completion event.
public enum JobErrorCode: UInt8, Hashable, Sendable, CaseIterable {
    /// The job's document breaks the rules.
    case invalidJob = 1
    /// The service refused the request for good (400, 403).
    case apiRejected = 2
    /// The service ended every permitted export as Failed.
    case exportFailed = 3
    /// The export does not exist at the service: it was deleted elsewhere, or never existed.
    case exportNotFound = 4
    /// The job's deadline passed first.
    case deadlineExceeded = 5
    /// The file exists at the service and could not be stored in time.
    case downloadFailed = 6
    /// The job names credentials that are not configured.
    case unknownAccount = 7
    /// A cancel command names a job that is not known.
    case unknownJob = 8
    /// The id is in use with other content: the record is refused, the job that has the id is not affected.
    case conflictingJob = 9
    /// A record or event of the job is larger than its topic accepts.
    case tooLarge = 10
}

/// One field of a job and what is wrong with it.
public struct FieldError: Hashable, Sendable {
    /// The field's name in the job document.
    public var field: String
    /// What is wrong and what is expected.
    public var message: String

    /// Creates a field error.
    public init(field: String, message: String) {
        self.field = field
        self.message = message
    }
}

/// The `error` of a completion event.
public struct JobError: Hashable, Sendable {
    /// What went wrong, for programs.
    public var code: JobErrorCode
    /// What went wrong and what to do about it, for people. Holds no secret.
    public var message: String
    /// The invalid fields, where single fields are invalid.
    public var details: [FieldError]

    /// Creates an error.
    public init(code: JobErrorCode, message: String, details: [FieldError] = []) {
        self.code = code
        self.message = message
        self.details = details
    }
}
