import NIOCore

/// The requests of an object store that `ObjectUpload` needs; `S3Backend` and `AzureBackend` implement it. Each call
/// is retried automatically where that helps within seconds.
protocol ObjectBackend: Sendable {
    /// The largest size of a part, in bytes; `nil` when the number exceeds the store's limit.
    ///
    /// - Parameter number: From 1 on.
    func partSize(_ number: Int) -> Int?

    /// The object's URL, also used in errors.
    func location(of name: String) -> String

    /// Stores a whole object with one request.
    func put(_ name: String, _ body: ByteBuffer, _ summary: ObjectSummary) async throws(FileStoreError)

    /// Begins an object of several parts. Readers see nothing before the commit.
    ///
    /// - Returns: The id of the upload, which its parts and its commit refer to.
    func begin(_ name: String, _ mediaType: MediaType, _ metadata: FileMetadata) async throws(FileStoreError) -> String

    /// Stores a part.
    func putPart(
        _ name: String,
        upload: String,
        number: Int,
        _ body: ByteBuffer
    ) async throws(FileStoreError) -> PartReceipt

    /// Creates the object from its parts, atomically.
    func commit(
        _ name: String,
        upload: String,
        parts: [PartReceipt],
        _ summary: ObjectSummary
    ) async throws(FileStoreError)

    /// Removes the parts, as far as the store supports that.
    func discard(_ name: String, upload: String) async
}

/// The store's confirmation of a part, which the commit refers to.
struct PartReceipt: Sendable {
    var number: Int
    /// The part's name in the commit: an ETag in S3, a block id in Azure.
    var tag: String
    /// The part's checksum, as the store writes it.
    var checksum: String?
}

/// The facts about a file that are known after its last byte, for the object's headers and metadata.
struct ObjectSummary: Sendable {
    var mediaType: MediaType
    var metadata: FileMetadata
    var digests: ContentDigests
}

extension FileKey {
    /// The longest name of an object, in bytes, in S3 and in Azure.
    static let maximumObjectNameLength = 1_024

    /// The name of the object below a prefix, which ends with a slash or is empty.
    func objectName(below prefix: String, at location: String) throws(FileStoreError) -> String {
        let name = prefix + description
        guard name.utf8.count <= Self.maximumObjectNameLength else {
            throw FileStoreError(.nameTooLong, action: "store", path: "\(location)/\(description)")
        }
        return name
    }
}
