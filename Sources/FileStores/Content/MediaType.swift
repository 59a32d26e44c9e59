import Primitives

/// The media type of a file, detected from its first bytes.
public enum MediaType: String, Hashable, Sendable, CaseIterable {
    /// A ZIP archive.
    case zip = "application/zip"
    /// A gzip stream.
    case gzip = "application/gzip"
    /// Comma-separated values.
    case csv = "text/csv"
    /// Tab-separated values.
    case tsv = "text/tab-separated-values"
    /// A JSON document. Never detected: only its writer knows.
    case json = "application/json"
    /// Anything else.
    case binary = "application/octet-stream"

    /// Whether it holds files of any kind.
    public var isArchive: Bool { self == .zip || self == .gzip }

    /// How many bytes from a file's beginning are examined.
    public static let decisiveBytes = 4_096

    /// Detects a file's type.
    ///
    /// - Parameters:
    ///   - head: The file's first bytes; a few thousand are enough.
    ///   - expected: The text format to assume where the first line has neither commas nor tabs; JSON in any case.
    public init(detecting head: [UInt8], expected: MediaType? = nil) {
        if expected == .json {
            self = .json
        } else if head.starts(with: [0x50, 0x4B, 0x03, 0x04]) || head.starts(with: [0x50, 0x4B, 0x05, 0x06]) {
            self = .zip
        } else if head.starts(with: [0x1F, 0x8B]) {
            self = .gzip
        } else {
            self = Self.textType(head.prefix(Self.decisiveBytes), expected: expected)
        }
    }

    private static func textType(_ head: ArraySlice<UInt8>, expected: MediaType?) -> MediaType {
        var scanner = DelimitedTextScanner()
        head.withUnsafeBytes { scanner.scan($0) { _ in } }
        let findings = scanner.finish { _ in }
        guard findings.isText else { return .binary }
        return switch findings.delimiter {
        case "\t": .tsv
        case nil: expected == .tsv ? .tsv : .csv
        default: .csv
        }
    }
}
