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

    /// How many bytes from a file's beginning are examined.
    static let decisiveBytes = 4_096

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
        // In UTF-16 every second byte of plain text is zero; without these bytes it reads like ASCII.
        let isUTF16 = head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF])
        var (commas, tabs) = (0, 0)
        var isQuoted = false
        var isFirstLine = true
        for byte in head {
            switch byte {
            case 0 where isUTF16: continue
            case 0x00...0x08, 0x0E...0x1F: return .binary
            case UInt8(ascii: "\""): isQuoted.toggle()
            case 0x0A, 0x0D: if !isQuoted { isFirstLine = false }
            case UInt8(ascii: ","): if isFirstLine, !isQuoted { commas += 1 }
            case 0x09: if isFirstLine, !isQuoted { tabs += 1 }
            default: continue
            }
        }
        if tabs == 0, commas == 0 { return expected == .tsv ? .tsv : .csv }
        return tabs > commas ? .tsv : .csv
    }
}
