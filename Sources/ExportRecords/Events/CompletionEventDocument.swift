/// A decoded completion event: the JSON value of a results record.
///
/// Names are strings here, so that events of later versions can be read.
public struct CompletionEventDocument: Codable, Hashable, Sendable {
    /// One of an event's files.
    public struct File: Codable, Hashable, Sendable {
        /// A member of a ZIP archive.
        public struct Entry: Codable, Hashable, Sendable {
            /// The member's name.
            public var name: String
            /// The member's uncompressed size in bytes.
            public var sizeBytes: Int64
        }

        /// What was seen in the file while it was stored.
        public struct Content: Codable, Hashable, Sendable {
            /// The rows, without the header; `nil` where the file ends within a quoted field.
            public var rows: Int64?
            /// The names in the header line; `nil` where there is none, it is too long, or the event left it out.
            public var columns: [String]?
            /// The SHA-256 of the header line in lower-case hexadecimal; `nil` where there is none.
            public var headerSha256: String?
            /// A comma or a tab.
            public var delimiter: String
            /// `utf-8`, `utf-16le` or `utf-16be`; `nil` where it is unknown.
            public var encoding: String?
            /// Whether the file begins with a byte order mark.
            public var byteOrderMark: Bool
        }

        /// Where the file is. The service's own URL is a bearer secret until it expires.
        public var location: String
        /// Whether the file is in the user's own file store.
        public var stored: Bool
        /// The file's name.
        public var fileName: String
        /// The file's media type.
        public var mediaType: String?
        /// The file's size in bytes.
        public var sizeBytes: Int64?
        /// The SHA-256 of the file in lower-case hexadecimal.
        public var sha256: String?
        /// When the location stops working, RFC 3339.
        public var expiresAt: String?
        /// The members of a ZIP archive.
        public var entries: [Entry]?
        /// What was seen in the file; `nil` for an archive, and in events of earlier workers.
        public var content: Content?
    }

    /// Why a job did not complete.
    public struct Failure: Codable, Hashable, Sendable {
        /// An invalid field.
        public struct Detail: Codable, Hashable, Sendable {
            /// The field's name.
            public var field: String
            /// What is wrong with it.
            public var message: String
        }

        /// What went wrong, for programs.
        public var code: String
        /// What went wrong, for people.
        public var message: String
        /// The invalid fields.
        public var details: [Detail]
    }

    /// The record of the jobs topic that the event concerns.
    public struct Source: Codable, Hashable, Sendable {
        /// The jobs topic.
        public var topic: String
        /// The record's partition.
        public var partition: Int32
        /// The record's offset.
        public var offset: Int64
    }

    /// The times of a job's transitions, RFC 3339.
    public struct Times: Codable, Hashable, Sendable {
        /// When a worker first read the job.
        public var accepted: String
        /// When the service accepted the export.
        public var submitted: String?
        /// When a poll first reported the export completed.
        public var ready: String?
        /// When the job's end was decided.
        public var finished: String?
    }

    /// The job's id.
    public var jobId: String
    /// How the job ended.
    public var status: String
    /// Which resource was exported.
    public var kind: String?
    /// The credentials that were used.
    public var account: String?
    /// The OData filter.
    public var filter: String?
    /// The file's format.
    public var fileFormat: String?
    /// The service's id of the export.
    public var requestId: String?
    /// Exports queued for the job.
    public var attempts: Int
    /// The files.
    public var files: [File]
    /// Why the job did not complete.
    public var error: Failure?
    /// The job's record, or the refused record; `nil` in events of earlier workers.
    public var source: Source?
    /// The times of the job's transitions.
    public var times: Times
    /// The job's metadata.
    public var metadata: [String: String]
    /// The id of the job that this one repeats.
    public var retryOf: String?
    /// The parts that were left out because the results topic does not accept the whole event.
    public var omitted: [String]?
}
