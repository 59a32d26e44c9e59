/// One member of a ZIP archive, from its central directory.
public struct ArchiveEntry: Hashable, Sendable {
    /// The member's name as the archive gives it.
    public var name: String
    /// The member's uncompressed size in bytes.
    public var sizeBytes: Int64

    /// Creates an entry.
    public init(name: String, sizeBytes: Int64) {
        self.name = name
        self.sizeBytes = sizeBytes
    }
}

/// One of a completion event's `files`.
public struct ExportFile: Hashable, Sendable {
    /// Where the file is: a location in the file store, or the service's own SAS URL.
    public var location: String
    /// Whether the file is in the user's own file store.
    public var stored: Bool
    /// The file's name.
    public var fileName: String
    /// The file's media type, where it is known.
    public var mediaType: String?
    /// The file's size in bytes, where it is known.
    public var sizeBytes: Int64?
    /// The SHA-256 of the file in lower-case hexadecimal, where it is known.
    public var sha256: String?
    /// When the location stops working; `nil` when it lasts.
    public var expiresAt: Instant?
    /// The members of the file when it is a ZIP archive; empty otherwise.
    public var entries: [ArchiveEntry]
    /// What was seen in the file while it was stored; `nil` for an archive.
    public var content: FileContent?

    /// Creates a file.
    public init(
        location: String,
        stored: Bool,
        fileName: String,
        mediaType: String? = nil,
        sizeBytes: Int64? = nil,
        sha256: String? = nil,
        expiresAt: Instant? = nil,
        entries: [ArchiveEntry] = [],
        content: FileContent? = nil
    ) {
        self.location = location
        self.stored = stored
        self.fileName = fileName
        self.mediaType = mediaType
        self.sizeBytes = sizeBytes
        self.sha256 = sha256
        self.expiresAt = expiresAt
        self.entries = entries
        self.content = content
    }
}
