import Primitives

/// What a download has seen in a file of comma- or tab-separated text: ``DownloadedBlob/content``.
///
/// A row is a line that is not empty, after the header line; quoted fields may contain line ends. The file's bytes are
/// unchanged.
public struct DelimitedContent: Sendable, Hashable {
    /// The rows, without the header; nil where the file ends within a quoted field.
    public let rows: Int64?
    /// The names in the header line; nil where there is no header, or it has more than ``maximumColumns`` names or
    /// ``maximumColumnBytes`` bytes.
    public let columns: [String]?
    /// SHA-256 of the header line's bytes, without byte order mark and line end, in lower-case hexadecimal; nil where there is
    /// no header.
    public let headerSHA256: String?
    /// A comma or a tab, whichever the header has more of outside quotes; nil where it has neither.
    public let delimiter: Character?
    /// `utf-8`, `utf-16le` or `utf-16be`; nil for bytes that are none of these.
    public let encoding: String?
    /// Whether the file begins with a byte order mark.
    public let hasByteOrderMark: Bool

    /// The most names that ``columns`` has.
    public static let maximumColumns = 1_024
    /// The most bytes of a header line whose names are in ``columns``.
    public static let maximumColumnBytes = 16_384
}

/// Finds the facts of ``DelimitedContent`` while a file is downloaded. `DownloadProgress` holds it, so that a download that
/// continues after a failure continues here too.
struct ContentScan: Sendable {
    private var scanner = DelimitedTextScanner()
    private var header = HeaderLine()

    /// Adds the file's next bytes, without copying them.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        scanner.scan(bytes) { header.add($0) }
    }

    /// The facts about the bytes that were added; nil where they are no text.
    func finished() -> DelimitedContent? {
        var (scanner, header) = (scanner, header)
        let findings = scanner.finish { header.add($0) }
        guard findings.isText else { return nil }
        return DelimitedContent(
            rows: findings.rows,
            columns: findings.hasHeader ? header.columns(findings) : nil,
            headerSHA256: findings.hasHeader ? header.sha256 : nil,
            delimiter: findings.delimiter,
            encoding: findings.encoding?.rawValue,
            hasByteOrderMark: findings.hasByteOrderMark
        )
    }
}
