/// The values of a job that ``FileKeyTemplate`` builds a file's key from; ``FileKeyPlaceholder/table`` names them.
public struct FileKeyValues: Hashable, Sendable {
    /// The ends of a period as the filter states them.
    public struct Period: Hashable, Sendable {
        /// The lower bound; nil if there is none.
        public var from: String?
        /// The upper bound; nil if there is none.
        public var to: String?

        /// Creates a period.
        public init(from: String? = nil, to: String? = nil) {
            self.from = from
            self.to = to
        }
    }

    /// `{account}`: the account's name.
    public var account: String
    /// `{kind}`: the kind of export.
    public var kind: String
    /// `{jobId}`: the job's id.
    public var jobID: String
    /// `{requestId}`: the service's id of the export. It differs between jobs, and is the same when a transfer is repeated.
    public var requestID: String
    /// `{fileName}`: the file's name at the service.
    public var fileName: String
    /// `{extension}`, where the file's name has no known one.
    public var format: MediaType
    /// `{yyyy}`, `{MM}`, `{dd}`: the day in UTC, from milliseconds since 1970-01-01T00:00:00Z. Use a timestamp that is the
    /// same after a crash; otherwise the file is stored twice.
    public var date: Int64
    /// `{period.from}` and `{period.to}`.
    public var period = Period()
    /// `{batch}`; nil if the job has none.
    public var batch: String?
    /// `{metadata.NAME}`.
    public var metadata: [String: String] = [:]

    /// Creates values without a period, a batch or metadata.
    ///
    /// - Parameter date: Milliseconds since 1970-01-01T00:00:00Z.
    public init(
        account: String,
        kind: String,
        jobID: String,
        requestID: String,
        fileName: String,
        format: MediaType,
        date: Int64
    ) {
        self.account = account
        self.kind = kind
        self.jobID = jobID
        self.requestID = requestID
        self.fileName = fileName
        self.format = format
        self.date = date
    }

    private static let knownExtensions: Set<String> = ["csv", "tsv", "zip", "gz"]

    /// `{extension}`: that of the file's name, if it is a known one; otherwise that of the format. The key is built before the
    /// first byte is read, so the content is not considered.
    var fileExtension: String {
        let named = fileName.split(separator: ".").last?.lowercased() ?? ""
        if Self.knownExtensions.contains(named) { return named }
        return format == .tsv ? "tsv" : "csv"
    }
}
