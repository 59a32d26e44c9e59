public import FileStores

/// Sentences about files that cannot be delivered, for events, the log and health. They name settings and commands, so the
/// command implements them.
public protocol DeliveryTexts: Sendable {
    /// What failed at the file store, and what to do.
    func sentence(for error: FileStoreError) -> String
    /// Why a file was not stored, and how to obtain it.
    func sentence(for file: UnsuitableFile) -> String
}

/// A file that is neither delimited text nor an archive.
public struct UnsuitableFile: Sendable {
    /// The kind of its export, by its name in jobs.
    public var kind: String
    /// The export's request id, where it is known.
    public var requestID: String?
    /// The file's first bytes in hexadecimal digits.
    public var signature: String
}
