/// A store in an S3 bucket, for `s3://bucket/prefix` locations.
///
/// A file of one part is put with one request, a larger one as a multipart upload: S3 shows an object when it is
/// whole, at once. Each body is signed and carries a checksum that S3 verifies. Job id and request id are metadata of
/// the object (`job-id`, `request-id`); so is the SHA-256 (`sha256`) of a file of one part, while that of a larger one,
/// which is known at the end only, is a tag of the same name.
public final class S3FileStore: FileStore {
    /// Requests with a part's bytes that are under way at the same time, whatever the number of files.
    private static let partsUnderWay = 8
    /// Uploads without an end are abandoned after so long, in milliseconds.
    private static let abandonedAfter: Int64 = 86_400_000

    private let backend: S3Backend
    private let slots = SlotPool(slots: partsUnderWay)
    private let connections: StoreConnections?

    /// `s3://bucket/prefix`.
    public var location: String { backend.address.location }

    /// Creates a store. Nothing is sent before it is used.
    ///
    /// - Parameters:
    ///   - location: `s3://bucket/prefix`.
    ///   - configuration: Everything else.
    public convenience init(location: String, configuration: S3Configuration) throws(FileStoreError) {
        let connections = StoreConnections()
        try self.init(location, configuration, connections.wire, .system, connections)
    }

    init(
        _ location: String,
        _ configuration: S3Configuration,
        _ wire: StoreWire,
        _ clock: StoreClock,
        _ connections: StoreConnections? = nil,
        partSize: Int = S3Backend.firstPartSize
    ) throws(FileStoreError) {
        guard location.lowercased().hasPrefix("s3:") else {
            throw FileStoreError(.invalidLocation, action: "use", path: "FILES_LOCATION")
        }
        let environment = AWSEnvironment(configuration.environment)
        var configuration = configuration
        configuration.endpoint = configuration.endpoint ?? environment.s3Endpoint
        let region = configuration.region ?? environment.region ?? "us-east-1"
        let caller = StoreCaller(wire: wire, clock: clock)
        let chain = AWSCredentialChain(environment: environment, region: region, caller: caller)
        backend = S3Backend(
            address: try S3Address(location.dropFirst("s3:".count), configuration, region: region),
            configuration: configuration,
            credentials: Renewing(now: clock.now) { () async throws(FileStoreError) in try await chain.fetch() },
            caller: caller,
            firstPartSize: partSize
        )
        self.connections = connections
    }

    /// Begins an upload and aborts it: proves the bucket, the credentials, and the rights to put and to abort, and shows
    /// nobody anything.
    public func check() async throws(FileStoreError) {
        let name = backend.address.prefix + "payout-export-check"
        let upload = try await backend.begin(name, .binary, FileMetadata())
        try await backend.abort(name, upload: upload)
    }

    /// Begins to put a file. Sends nothing yet.
    public func begin(_ key: FileKey, metadata: FileMetadata) async throws(FileStoreError) -> any FileUpload {
        let name = try key.objectName(below: backend.address.prefix, at: location)
        return ObjectUpload(backend, name: name, metadata: metadata, slots: slots)
    }

    /// Reads an object of the bucket back.
    public func read(_ location: String, limit: Int) async throws(FileStoreError) -> [UInt8]? {
        let base = backend.location(of: "")
        guard location.hasPrefix(base) else {
            throw FileStoreError(.invalidLocation, action: "read", path: "an object outside of \(base)")
        }
        return try await backend.get(String(location.dropFirst(base.count)), limit: limit)
    }

    /// Aborts uploads below the prefix that were begun more than a day ago. Without a prefix nothing is done: the bucket
    /// may hold other people's uploads.
    public func sweep() async throws(FileStoreError) -> Int {
        try await sweep(abandonedBefore: backend.caller.clock.now() - Self.abandonedAfter)
    }

    func sweep(abandonedBefore limit: Int64) async throws(FileStoreError) -> Int {
        guard !backend.address.prefix.isEmpty else { return 0 }
        var removed = 0
        for found in try await backend.abandonedUploads(before: limit) {
            guard !Task.isCancelled else { break }
            try await backend.abort(found.name, upload: found.upload)
            removed += 1
        }
        return removed
    }

    /// Closes connections.
    public func close() async { await connections?.close() }
}
