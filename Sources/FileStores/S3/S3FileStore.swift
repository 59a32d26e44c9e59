public import HTTPAccess
import Primitives

/// A store in an S3 bucket, for `s3://bucket/prefix` locations.
///
/// A file of one part is stored with one request, a larger one as a multipart upload, which S3 completes atomically. Each
/// body is signed and carries a checksum that S3 verifies. Job id and request id are metadata of the object (`job-id`,
/// `request-id`). The SHA-256 (`sha256`) is metadata for a file of one part; for a larger one it is known only at the end,
/// so it is a tag of the same name.
public final class S3FileStore: FileStore {
    /// How many requests that carry a part are in flight at the same time, for all files together.
    private static let partsInFlight = 8
    /// The age of an unfinished upload that is removed by a sweep, in milliseconds.
    private static let abandonedAfter: Int64 = 86_400_000

    private let backend: S3Backend
    private let slots = AsyncSemaphore(partsInFlight)
    private let transport: HTTPTransport?

    /// `s3://bucket/prefix`.
    public var location: String { backend.address.location }

    /// Creates a store. Nothing is sent before it is used.
    ///
    /// - Parameters:
    ///   - location: `s3://bucket/prefix`.
    ///   - configuration: Everything else.
    ///   - network: How servers are reached.
    public convenience init(
        location: String,
        configuration: S3Configuration,
        network: NetworkSettings = NetworkSettings()
    ) throws(FileStoreError) {
        let transport = HTTPTransport.forStore(network)
        try self.init(location, configuration, StoreWire(transport), .system, transport)
    }

    init(
        _ location: String,
        _ configuration: S3Configuration,
        _ wire: StoreWire,
        _ clock: StoreClock,
        _ transport: HTTPTransport? = nil,
        partSize: Int = S3Backend.firstPartSize
    ) throws(FileStoreError) {
        guard location.lowercased().hasPrefix("s3:") else {
            throw FileStoreError(.invalidLocation, action: "use", path: "the location")
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
            credentials: CachedCredential(now: clock.now) { () async throws(FileStoreError) in try await chain.fetch()
            },
            caller: caller,
            firstPartSize: partSize
        )
        self.transport = transport
    }

    /// Begins an upload and aborts it: proves that the bucket exists, that the credentials are valid, and that they permit
    /// storing and aborting. No object becomes visible.
    public func check() async throws(FileStoreError) {
        let name = backend.address.prefix + "payout-export-check"
        let upload = try await backend.begin(name, .binary, FileMetadata())
        try await backend.abort(name, upload: upload)
    }

    /// Begins an upload. Sends nothing yet.
    public func begin(_ key: FileKey, metadata: FileMetadata) async throws(FileStoreError) -> any FileUpload {
        let name = try key.objectName(below: backend.address.prefix, at: location)
        return ObjectUpload(backend, name: name, metadata: metadata, slots: slots)
    }

    /// Reads an object of the bucket.
    public func read(_ location: String, limit: Int) async throws(FileStoreError) -> [UInt8]? {
        let base = backend.location(of: "")
        guard location.hasPrefix(base) else {
            throw FileStoreError(.invalidLocation, action: "read", path: "an object outside of \(base)")
        }
        return try await backend.get(String(location.dropFirst(base.count)), limit: limit)
    }

    /// Aborts unfinished uploads below the prefix that are older than a day. Does nothing without a prefix: the bucket may
    /// hold uploads of other programs.
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
    public func close() async { await transport?.close() }
}
