public import HTTPAccess
import NIOCore
import Primitives

/// A store in a container of Azure Blob Storage, for `azblob://account/container/prefix` locations.
///
/// A file of one block is stored with one request, a larger one in blocks, which a block list commits atomically. Each
/// body carries an MD5 that the service verifies, and the blob keeps the MD5 of the whole where it is known. Job id, request id and SHA-256
/// are metadata of the blob (`jobid`, `requestid`, `sha256`). Tested against a stand-in that checks what the service's
/// documentation demands, not against the service itself.
public final class AzureBlobFileStore: FileStore {
    /// How many requests that carry a block are in flight at the same time, for all files together.
    private static let blocksInFlight = 8

    private let backend: AzureBackend
    private let slots = AsyncSemaphore(blocksInFlight)
    private let transport: HTTPTransport

    /// `azblob://account/container/prefix`.
    public var location: String { backend.address.location }

    /// Creates a store. Nothing is sent before it is used.
    ///
    /// - Parameters:
    ///   - location: `azblob://account/container/prefix`.
    ///   - configuration: Everything else.
    ///   - network: How servers are reached.
    public convenience init(
        location: String,
        configuration: AzureBlobConfiguration,
        network: NetworkSettings = NetworkSettings()
    ) throws(FileStoreError) {
        let transport = HTTPTransport.forStore(network)
        try self.init(location, configuration, StoreWire(transport), .system, transport)
    }

    init(
        _ location: String,
        _ configuration: AzureBlobConfiguration,
        _ wire: StoreWire,
        _ clock: StoreClock,
        _ transport: HTTPTransport = .forStore(),
        blockSize: Int = AzureBackend.blockSize
    ) throws(FileStoreError) {
        guard location.lowercased().hasPrefix("azblob:") else {
            throw FileStoreError(.invalidLocation, action: "use", path: "the location")
        }
        let caller = StoreCaller(wire: wire, clock: clock)
        backend = AzureBackend(
            address: try AzureBlobAddress(location.dropFirst("azblob:".count), configuration),
            authorization: try AzureAuthorization(configuration, caller, transport),
            caller: caller,
            blockSize: blockSize
        )
        self.transport = transport
    }

    /// Stores one block without a block list: proves that the container exists, that the credentials are valid and that
    /// they permit writing. No blob becomes visible; the service discards the block.
    public func check() async throws(FileStoreError) {
        let name = backend.address.prefix + "payout-export-check"
        let upload = try await backend.begin(name, .binary, FileMetadata())
        _ = try await backend.putPart(name, upload: upload, number: 1, .init(bytes: [0]))
    }

    /// Begins an upload. Sends nothing yet.
    public func begin(_ key: FileKey, metadata: FileMetadata) async throws(FileStoreError) -> any FileUpload {
        // The service drops a dot at the end of a part of a name.
        let parts = key.parts.map { $0.hasSuffix(".") ? $0.dropLast() + "%2E" : $0 }
        let name = try FileKey(safeParts: parts).objectName(below: backend.address.prefix, at: location)
        return ObjectUpload(backend, name: name, metadata: metadata, slots: slots)
    }

    /// Reads a blob of the container.
    public func read(_ location: String, limit: Int) async throws(FileStoreError) -> [UInt8]? {
        let base = backend.location(of: "")
        guard location.hasPrefix(base) else {
            throw FileStoreError(.invalidLocation, action: "read", path: "a blob outside of \(base)")
        }
        return try await backend.get(String(location.dropFirst(base.count)), limit: limit)
    }

    /// Closes connections.
    public func close() async { await transport.close() }
}
