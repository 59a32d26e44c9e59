/// Where the files of completed exports are kept.
///
/// A store takes a file as a stream of chunks under a key and gives back where it lies, how long it is and
/// its SHA-256. What is under a key is always a whole file: an upload shows there when it is finished, at
/// once, and not at all before. Putting the same file under the same key again does no harm, for a worker
/// that was stopped in between does that.
public protocol FileStore: Sendable {
    /// Where the store keeps its files. Holds no secret.
    var location: String { get }

    /// Tries whether files can be put, so that a wrong configuration is found before the first export is done.
    func check() async throws(FileStoreError)

    /// Begins to put a file. Nothing is visible under the key before ``FileUpload/finish()``.
    ///
    /// - Parameters:
    ///   - key: Where to put it.
    ///   - metadata: What is known of the file before its first byte.
    func begin(_ key: FileKey, metadata: FileMetadata) async throws(FileStoreError) -> any FileUpload

    /// Reads a whole file back, for checks and demonstrations; not for large files.
    ///
    /// - Parameters:
    ///   - location: A ``StoredFile/location`` of this store.
    ///   - limit: More bytes than this are an error.
    /// - Returns: The file's bytes; `nil` when nothing is there.
    func read(_ location: String, limit: Int) async throws(FileStoreError) -> [UInt8]?

    /// Removes what uploads of crashed workers have left behind more than a day ago.
    ///
    /// - Returns: How many leftovers were removed.
    func sweep() async throws(FileStoreError) -> Int

    /// Closes connections. Uploads under way fail.
    func close() async
}

extension FileStore {
    /// A store that leaves nothing behind has nothing to do.
    public func sweep() async throws(FileStoreError) -> Int { 0 }

    /// A store without connections has nothing to close.
    public func close() async {}
}

/// A file on its way into a store.
///
/// Calls follow one another: the next is made when the one before has returned. A `write` returns when the
/// store can take more, which is the back-pressure. After an error only ``restart()`` and ``abort()`` go on.
public protocol FileUpload: AnyObject, Sendable {
    /// Adds bytes at the end. An object store may gather them until a part is full.
    func write(_ bytes: [UInt8]) async throws(FileStoreError)

    /// Forgets what was written and begins again from zero: the source has changed, or a write has failed.
    func restart() async throws(FileStoreError)

    /// Makes the file durable and then visible under its key.
    func finish() async throws(FileStoreError) -> StoredFile

    /// Ends the upload without a trace. Does nothing after ``finish()`` has returned.
    func abort() async
}

/// What is known of a file before its first byte.
public struct FileMetadata: Hashable, Sendable {
    /// The format that was asked for; decides between CSV and TSV where the content does not.
    public var expected: MediaType?
    /// The job that the file is for; object stores keep it with the object.
    public var jobID: String?
    /// The service's id of the export; object stores keep it with the object.
    public var requestID: String?

    /// Creates metadata.
    public init(expected: MediaType? = nil, jobID: String? = nil, requestID: String? = nil) {
        self.expected = expected
        self.jobID = jobID
        self.requestID = requestID
    }
}

/// A file in a store.
public struct StoredFile: Hashable, Sendable {
    /// Where the file is, as a URL.
    public var location: String
    /// The file's size in bytes.
    public var sizeBytes: Int64
    /// The SHA-256 of the file in lower-case hexadecimal.
    public var sha256: String
    /// The file's media type, by its content.
    public var mediaType: MediaType
    /// The members of a ZIP archive; empty for other files, and for archives that are damaged or have too many.
    public var entries: [FileEntry]

    /// Creates a description of a stored file.
    public init(
        location: String,
        sizeBytes: Int64,
        sha256: String,
        mediaType: MediaType,
        entries: [FileEntry] = []
    ) {
        self.location = location
        self.sizeBytes = sizeBytes
        self.sha256 = sha256
        self.mediaType = mediaType
        self.entries = entries
    }
}

/// A member of a ZIP archive, as its directory names it.
public struct FileEntry: Hashable, Sendable {
    /// The member's name. Comes from the archive: not to be used as a path without a check.
    public var name: String
    /// The member's uncompressed size in bytes, as the archive claims.
    public var sizeBytes: Int64

    /// Creates an entry.
    public init(name: String, sizeBytes: Int64) {
        self.name = name
        self.sizeBytes = sizeBytes
    }
}
