/// What was seen in a file of comma- or tab-separated text while it was stored: `content` in a completion event's file.
public struct FileContent: Hashable, Sendable {
    /// The rows, without the header; `nil` where the file ends within a quoted field.
    public var rows: Int64?
    /// The names in the header line; `nil` where there is no header, or it is too long to be repeated.
    public var columns: [String]?
    /// The SHA-256 of the header line's bytes in lower-case hexadecimal, without byte order mark and line end; `nil` where
    /// there is no header.
    public var headerSHA256: String?
    /// What separates fields: a comma or a tab.
    public var delimiter: String
    /// `utf-8`, `utf-16le` or `utf-16be`; `nil` for bytes that are none of these.
    public var encoding: String?
    /// Whether the file begins with a byte order mark.
    public var hasByteOrderMark: Bool

    /// Creates the facts about a file.
    public init(
        rows: Int64?,
        columns: [String]? = nil,
        headerSHA256: String? = nil,
        delimiter: String,
        encoding: String? = nil,
        hasByteOrderMark: Bool = false
    ) {
        self.rows = rows
        self.columns = columns
        self.headerSHA256 = headerSHA256
        self.delimiter = delimiter
        self.encoding = encoding
        self.hasByteOrderMark = hasByteOrderMark
    }
}
