import Primitives

/// The bounds of a job document.
public enum JobLimits {
    /// The longest value of a job's record, in bytes.
    public static let valueBytes = 1_048_576
    /// The longest headers of a job's record, names and values together, in bytes.
    public static let headerBytes = 65_536
    /// The longest key of a job's record, in bytes.
    public static let keyBytes = 16_384
    /// The longest job id, in characters.
    public static let jobIDCharacters = 128
    /// The longest filter, in UTF-8 bytes.
    public static let filterBytes = 8_192
    /// The longest metadata, in bytes of compact JSON.
    public static let metadataBytes = 16_384
    /// The longest name of an account, in UTF-8 bytes. No configured account has a longer one, and a job
    /// must not enlarge every record about it.
    public static let accountBytes = 256
    /// The longest request id, in characters.
    public static let requestIDCharacters = 128
    /// The longest reason of a pause, in UTF-8 bytes.
    public static let reasonBytes = 256
    /// The key of a record that pauses or resumes jobs. No job id has an `@`.
    public static let controlKey = "@control"
    /// How many exports may be queued for one job.
    public static let maxAttempts = 1...100

    /// Whether `text` is 1 to 128 of `A-Z a-z 0-9 . _ : -`.
    public static func isJobID(_ text: String) -> Bool {
        let text = text.utf8
        return 1...jobIDCharacters ~= text.count && text.allSatisfy(isJobIDByte)
    }

    static func isJobIDByte(_ byte: UInt8) -> Bool {
        byte.isASCIIAlphanumeric || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: ":")
    }

    /// The service's ids are GUIDs, but that is not guaranteed. Every text that is a single path segment is accepted.
    static func isRequestID(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = text.first, first.isASCIIAlphanumeric, text.count <= requestIDCharacters else { return false }
        return text.allSatisfy { isJobIDByte($0) && $0 != UInt8(ascii: ":") }
    }
}
