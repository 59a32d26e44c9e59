public import NIOCore

/// A store for the files of completed exports: a local directory, an S3 bucket or an Azure Blob container. The worker
/// makes one with ``FileStoreFactory`` and stores each file that it downloads.
///
/// A store receives a file as a stream of chunks under a key, and returns its location, its size and its media type. Writes
/// are atomic: readers never see a partial file, and see the file as soon as its upload is finished. Storing the same file
/// under the same key again is harmless: a worker does that after a crash.
public protocol FileStore: Sendable {
    /// The URL below which the store keeps its files. Holds no secret.
    var location: String { get }

    /// Checks that files can be stored, so that a wrong configuration is found before the first export is completed.
    func check() async throws(FileStoreError)

    /// Begins an upload. Nothing is visible under the key before ``FileUpload/finish(_:)``.
    ///
    /// - Parameters:
    ///   - key: The file's name in the store.
    ///   - metadata: The facts about the file that are known before its first byte.
    func begin(_ key: FileKey, metadata: FileMetadata) async throws(FileStoreError) -> any FileUpload

    /// Reads a whole file, for checks and demonstrations; not for large files.
    ///
    /// - Parameters:
    ///   - location: A ``StoredFile/location`` of this store.
    ///   - limit: More bytes than this are an error.
    /// - Returns: The file's bytes; `nil` when there is no such file.
    func read(_ location: String, limit: Int) async throws(FileStoreError) -> [UInt8]?

    /// Removes leftovers of crashed workers' uploads that are older than a day.
    ///
    /// - Returns: How many leftovers were removed.
    func sweep() async throws(FileStoreError) -> Int

    /// Closes connections. Uploads in progress fail.
    func close() async
}

extension FileStore {
    /// Does nothing, for a store whose uploads leave nothing behind.
    public func sweep() async throws(FileStoreError) -> Int { 0 }

    /// Does nothing, for a store without connections.
    public func close() async {}
}

/// An upload of one file to a store, as ``FileStore/begin(_:metadata:)`` returns it.
///
/// Calls are made one after another. `write` returns when the store accepts more bytes, which is the back-pressure. After
/// an error only ``restart()`` and ``abort()`` may be called.
public protocol FileUpload: AnyObject, Sendable {
    /// Appends bytes. An object store may collect them until a part is full.
    func write(_ bytes: ByteBuffer) async throws(FileStoreError)

    /// Discards what was written and begins again from zero: the source has changed, or a write has failed.
    func restart() async throws(FileStoreError)

    /// Makes the file durable and then visible under its key.
    ///
    /// - Parameter digests: Those of all written bytes. The sender has computed them; an object store keeps them with the
    ///   file.
    func finish(_ digests: ContentDigests) async throws(FileStoreError) -> StoredFile

    /// Ends the upload and removes what was written. Does nothing after ``finish(_:)`` has returned.
    func abort() async
}

/// The facts about a file that are known before its first byte.
public struct FileMetadata: Hashable, Sendable {
    /// The requested format; decides between CSV and TSV where the content does not.
    public var expected: MediaType?
    /// The id of the job that the file belongs to; object stores keep it in the object's metadata.
    public var jobID: String?
    /// The service's id of the export; object stores keep it in the object's metadata.
    public var requestID: String?

    /// Creates metadata.
    public init(expected: MediaType? = nil, jobID: String? = nil, requestID: String? = nil) {
        self.expected = expected
        self.jobID = jobID
        self.requestID = requestID
    }
}

/// The digests of a file's content.
public struct ContentDigests: Hashable, Sendable {
    /// The SHA-256 in lower-case hexadecimal.
    public var sha256: String
    /// The MD5; `nil` when it is unknown.
    public var md5: [UInt8]?

    /// Creates digests.
    public init(sha256: String, md5: [UInt8]? = nil) {
        self.sha256 = sha256
        self.md5 = md5
    }

    /// Computes the SHA-256 of a small file.
    public init(of bytes: [UInt8]) { self.init(sha256: sha256Hexadecimal(bytes)) }
}

/// A file that was stored, as ``FileUpload/finish(_:)`` returns it.
public struct StoredFile: Hashable, Sendable {
    /// The file's URL.
    public var location: String
    /// The file's size in bytes.
    public var sizeBytes: Int64
    /// The file's media type, detected from its content.
    public var mediaType: MediaType
    /// The members of a ZIP archive; empty for other files, and for archives that are damaged or have too many members.
    public var entries: [FileEntry]

    /// Creates a description of a stored file.
    public init(
        location: String,
        sizeBytes: Int64,
        mediaType: MediaType,
        entries: [FileEntry] = []
    ) {
        self.location = location
        self.sizeBytes = sizeBytes
        self.mediaType = mediaType
        self.entries = entries
    }
}

/// A member of a ZIP archive, as the archive's directory lists it.
public struct FileEntry: Hashable, Sendable {
    /// The member's name, as a safe relative path without control characters, of at most 255 bytes.
    public var name: String
    /// The member's uncompressed size in bytes, as the archive claims.
    public var sizeBytes: Int64

    /// Creates an entry.
    public init(name: String, sizeBytes: Int64) {
        self.name = name
        self.sizeBytes = sizeBytes
    }
}
