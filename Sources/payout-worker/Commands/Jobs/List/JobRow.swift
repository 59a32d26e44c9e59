import ExportCore
import ExportRecords
import WorkerRuntime

/// One job of a list, with the names of the completion event.
struct JobRow: Encodable {
    var jobId: String
    var partition: Int32
    /// Its phase while it is open, then its status.
    var state: String
    var kind: String?
    var account: String?
    /// The id of its batch; unknown for a rejected record.
    var batch: String?
    var attempt: Int
    var maxAttempts: Int?
    var requestId: String?
    var acceptedAt: String
    var finishedAt: String?
    var notBefore: String?
    var deadline: String?
    /// The code and the message of the error.
    var error: String?
    var metadata: [String: String]?

    init(_ record: JobRecord, partition: Int32) {
        let job = record.job
        jobId = job.id
        self.partition = partition
        state = record.status?.name ?? record.phase.name
        kind = job.kind.name
        account = job.account
        batch = job.batch?.id
        attempt = record.attempt
        maxAttempts = job.maxAttempts
        requestId = record.requestID
        acceptedAt = record.times.accepted.rfc3339
        finishedAt = record.times.finished?.rfc3339
        notBefore = job.notBefore?.rfc3339
        deadline = job.deadline?.rfc3339
        error = record.error.map { "\($0.code.name): \($0.message)" }
        metadata = job.metadata
    }

    /// A rejected record, from its event.
    ///
    /// - Parameter partition: the event's, which is that of the record where the event is of an earlier worker.
    init(_ event: CompletionEventDocument, partition: Int32) {
        jobId = event.jobId
        self.partition = event.source?.partition ?? partition
        state = event.status
        kind = event.kind
        account = event.account
        attempt = event.attempts
        acceptedAt = event.times.accepted
        finishedAt = event.times.finished
        error = event.error.map { "\($0.code): \($0.message)" }
    }
}
