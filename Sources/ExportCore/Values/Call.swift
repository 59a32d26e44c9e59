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
