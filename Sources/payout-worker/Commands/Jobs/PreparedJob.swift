import ExportRecords

/// A job that is ready to be sent.
struct PreparedJob: Sendable {
    /// The job's id, if it is readable.
    var id: String?
    /// The record for the jobs topic.
    var record: OutgoingRecord
    /// Where the record belongs; `nil` lets its key choose.
    var partition: Int32?
}
