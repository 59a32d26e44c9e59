/// A decoded batch event: the JSON value of a results record of type `payout.export.batch.completed`, and of a manifest.
///
/// Names are strings here, so that events of later versions can be read.
public struct BatchEventDocument: Codable, Hashable, Sendable {
    /// A job of the batch.
    public struct Job: Codable, Hashable, Sendable {
        /// A file of the job.
        public struct File: Codable, Hashable, Sendable {
            /// Where the file is; `nil` where it is not in the worker's file store, absent where the event leaves locations out.
            public var location: String?
            /// Whether the file is in the user's own file store.
            public var stored: Bool
            /// The file's size in bytes.
            public var sizeBytes: Int64?
            /// The SHA-256 of the file in lower-case hexadecimal.
            public var sha256: String?
            /// The file's rows, without the header; `nil` where they are unknown.
            public var rows: Int64?
            /// When the location stops working, RFC 3339.
            public var expiresAt: String?
        }

        /// The job's id.
        public var jobId: String
        /// How the job ended.
        public var status: String
        /// Why it did not complete, for programs.
        public var errorCode: String?
        /// The job's files; absent where the event leaves files out.
        public var files: [File]?
    }

    /// The times of a batch, RFC 3339.
    public struct Times: Codable, Hashable, Sendable {
        /// When its first job was accepted.
        public var accepted: String
        /// When its end was decided.
        public var finished: String
    }

    /// The batch's id.
    public var batchId: String
    /// How the batch ended.
    public var status: String
    /// How many jobs the batch has.
    public var size: Int
    /// How many jobs ended in which way, and how many are `missing`.
    public var counts: [String: Int]
    /// The jobs, in the order of their records.
    public var jobs: [Job]
    /// Where the batch's manifest is; `nil` without a file store.
    public var location: String?
    /// Why the manifest could not be stored.
    public var locationError: String?
    /// The record of the batch's first job.
    public var source: CompletionEventDocument.Source
    /// The batch's times.
    public var times: Times
    /// The parts that were left out.
    public var omitted: [String]?
}
