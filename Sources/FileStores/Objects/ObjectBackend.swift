import NIOCore

/// What an object store can do, request by request. Each call is repeated by itself where that helps within
/// seconds.
protocol ObjectBackend: Sendable {
    /// Whether the store keeps the MD5 of whole files.
    var keepsMD5: Bool { get }

    /// How many bytes a part has at most; `nil` when there may be no part of this number.
    ///
    /// - Parameter number: From 1 on.
    func partSize(_ number: Int) -> Int?

    /// Where the object is, for people and programs; also names it in errors.
    func location(of name: String) -> String

    /// Puts a small file at once.
    func put(_ name: String, _ body: ByteBuffer, _ summary: ObjectSummary) async throws(FileStoreError)

    /// Begins an object of several parts, of which nothing shows before its end.
    ///
    /// - Returns: What the parts of this upload have in common.
    func begin(_ name: String, _ mediaType: MediaType, _ metadata: FileMetadata) async throws(FileStoreError) -> String

    /// Brings a part to the store.
    func putPart(
        _ name: String,
        upload: String,
        number: Int,
        _ body: ByteBuffer
    ) async throws(FileStoreError) -> PartReceipt

    /// Makes the object of its parts, at once.
    func commit(
        _ name: String,
        upload: String,
        parts: [PartReceipt],
        _ summary: ObjectSummary
    ) async throws(FileStoreError)

    /// Throws the parts away as far as the store can do that; what it cannot is documented there.
    func discard(_ name: String, upload: String) async
}

/// What the store said of a part.
struct PartReceipt: Sendable {
    var number: Int
    /// Names the part when the object is made.
    var tag: String
    /// The part's checksum, in the form that the store knows.
    var checksum: String?
}

/// What is known of a file after its last byte.
struct ObjectSummary: Sendable {
    var mediaType: MediaType
    var metadata: FileMetadata
    var sizeBytes: Int64
    /// In hexadecimal.
    var sha256: String
    /// The raw digest, where the store keeps it.
    var md5: [UInt8]?
}

extension FileKey {
    /// The longest name of an object in bytes, in S3 and in Azure.
    static let maximumObjectNameLength = 1_024

    /// The name of the object below a prefix, which ends with a slash or is empty.
    func objectName(below prefix: String, at location: String) throws(FileStoreError) -> String {
        let name = prefix + description
        guard name.utf8.count <= Self.maximumObjectNameLength else {
            throw FileStoreError(.nameTooLong, action: "put", path: "\(location)/\(description)")
        }
        return name
    }
}
