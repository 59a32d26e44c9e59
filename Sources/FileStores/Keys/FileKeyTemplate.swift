import Primitives

/// The values of a job that ``FileKeyTemplate`` builds a file's key from.
public struct FileKeyValues: Hashable, Sendable {
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

    /// Creates values.
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

/// The template from which the worker builds the key of each file.
public struct FileKeyTemplate: Hashable, Sendable {
    /// The text of ``standard``.
    public static let defaultText = "{account}/{kind}/{yyyy}/{MM}/{dd}/{jobId}/{requestId}.{extension}"

    /// `{account}/{kind}/{yyyy}/{MM}/{dd}/{jobId}/{requestId}.{extension}`: the same job id in two partitions has two files.
    public static let standard = FileKeyTemplate(parts: [
        [.value(.account)], [.value(.kind)], [.value(.year)], [.value(.month)], [.value(.day)], [.value(.jobID)],
        [.value(.requestID), .literal("."), .value(.fileExtension)],
    ])

    private enum Placeholder: String {
        case account
        case kind
        case year = "yyyy"
        case month = "MM"
        case day = "dd"
        case jobID = "jobId"
        case requestID = "requestId"
        case fileName
        case fileExtension = "extension"
    }

    private enum Piece: Hashable {
        case literal(String)
        case value(Placeholder)
    }

    private let parts: [[Piece]]

    private init(parts: [[Piece]]) { self.parts = parts }

    /// Reads a template: parts between slashes, each of letters, digits, `. _ : = @ , -` and placeholders in braces.
    ///
    /// `{jobId}` must be among them, or jobs would overwrite each other's files.
    public init(_ text: String) throws(FileStoreError) {
        let invalid = FileStoreError(.invalidTemplate, action: "use the template", path: "'\(text)'")
        var parts: [[Piece]] = []
        for part in text.split(separator: "/", omittingEmptySubsequences: false) {
            guard !part.isEmpty, !part.hasPrefix("."), let pieces = Self.pieces(part) else { throw invalid }
            parts.append(pieces)
        }
        guard parts.contains(where: { $0.contains(.value(.jobID)) }), parts.count <= 32 else { throw invalid }
        self.parts = parts
    }

    /// The key of a file.
    public func key(_ values: FileKeyValues) -> FileKey {
        // The form has four digits for the year, whatever the time is.
        let day = Timestamp(milliseconds: values.date).rfc3339(fractionDigits: 0).prefix(10).split(separator: "-")
        return FileKey(
            safeParts: parts.map { pieces in
                let part = pieces.map { piece in
                    switch piece {
                    case .literal(let text): text
                    case .value(let placeholder): FileKey.escaped(Self.value(of: placeholder, values, day))
                    }
                }
                return FileKey.bounded(part.joined())
            }
        )
    }

    private static func value(of placeholder: Placeholder, _ values: FileKeyValues, _ day: [Substring]) -> String {
        switch placeholder {
        case .account: values.account
        case .kind: values.kind
        case .year: String(day[0])
        case .month: String(day[1])
        case .day: String(day[2])
        case .jobID: values.jobID
        case .requestID: values.requestID
        case .fileName: values.fileName
        case .fileExtension: values.fileExtension
        }
    }

    private static func pieces(_ part: Substring) -> [Piece]? {
        var pieces: [Piece] = []
        var rest = part
        while let first = rest.first {
            if first == "{" {
                guard let close = rest.firstIndex(of: "}"),
                    let placeholder = Placeholder(rawValue: String(rest[rest.index(after: rest.startIndex)..<close]))
                else { return nil }
                pieces.append(.value(placeholder))
                rest = rest[rest.index(after: close)...]
            } else {
                let literal = rest.prefix { $0 != "{" }
                guard literal.utf8.allSatisfy(FileKey.isHarmless) else { return nil }
                pieces.append(.literal(String(literal)))
                rest = rest.dropFirst(literal.count)
            }
        }
        return pieces
    }
}
