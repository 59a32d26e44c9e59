public import ExportCore

/// What was seen in a stored file that has a header, and when.
public struct FileHeader: Sendable, Hashable {
    /// The files that should have the same header.
    public struct Series: Sendable, Hashable {
        /// The account of their jobs.
        public var account: String
        /// The kind of their jobs.
        public var kind: ExportKind
        /// The format of their jobs.
        public var format: FileFormat

        /// Creates a series.
        public init(account: String, kind: ExportKind, format: FileFormat) {
            (self.account, self.kind, self.format) = (account, kind, format)
        }
    }

    /// The files that it belongs to.
    public let series: Series
    /// What was seen in the file.
    public let content: FileContent
    /// When the file was stored.
    public let time: Instant

    /// The header of a job's file; `nil` where it has none.
    public init?(_ content: FileContent, of job: ExportJob, at time: Instant) {
        guard content.headerSHA256 != nil else { return nil }
        series = Series(account: job.account, kind: job.kind, format: job.fileFormat)
        (self.content, self.time) = (content, time)
    }
}

/// The newest headers in the records of one restore. `QueueSink` gathers them, off the engine's thread.
struct RestoredHeaders: Sendable {
    private var newest: [FileHeader.Series: FileHeader] = [:]

    mutating func add(_ record: StateRecord) {
        guard case .job(let record) = record, let content = record.files.first?.content,
            let time = record.times.finished, let header = FileHeader(content, of: record.job, at: time)
        else { return }
        if let known = newest[header.series], known.time > time { return }
        newest[header.series] = header
    }

    var all: [FileHeader] { Array(newest.values) }
}
