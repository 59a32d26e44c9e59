public import EntraIdentity
public import struct Foundation.UUID
public import HTTPAccess
public import Logging
import NIOHTTP1
public import PayoutFilters
import Primitives

/// A client of the Partner Center Payout API for one account: queues exports, gets their status, deletes them.
///
/// Every call throws ``PayoutAPIError``, or `CancellationError` when its task was cancelled, or what the gate threw.
public struct PayoutClient: Sendable {
    /// The service's address and the settings of calls.
    public struct Configuration: Sendable {
        /// The service's address; a version segment `/v1.0` at its end is removed.
        public var baseURL = "https://api.partner.microsoft.com"
        /// The account's name, for errors and logs.
        public var account = "default"
        /// The longest wait for one answer, body included.
        public var requestTimeout: Duration = .seconds(60)
        /// The retries of the client.
        public var retryPolicy: RetryPolicy = .standard
        /// The `User-Agent` header.
        public var userAgent = "payout-api"
        /// The allowed hosts of files, and the limits of downloads.
        public var downloads = BlobDownloader.Configuration()

        /// The defaults.
        public init() {}
    }

    var configuration: Configuration
    let base: BaseAddress
    let tokens: any TokenProvider
    let transport: HTTPTransport
    let gate: (any RequestGate)?
    let environment: HTTPEnvironment
    let logger: Logger?
    let telemetry: HTTPTelemetry
    private let requestIDs = RequestIDs()

    /// Makes a client; nothing is sent yet.
    ///
    /// - Parameters:
    ///   - configuration: The service's address and the settings of calls.
    ///   - tokens: The source of access tokens.
    ///   - transport: The connections to use.
    ///   - gate: The caller's limits of rate and concurrency.
    ///   - environment: The sources of time and randomness.
    ///   - logger: Logs each request at debug level, and each retry at info level.
    /// - Throws: ``HTTPAccess/ClientConfigurationError`` when the base URL is invalid.
    public init(
        configuration: Configuration = Configuration(),
        tokens: any TokenProvider,
        transport: HTTPTransport,
        gate: (any RequestGate)? = nil,
        environment: HTTPEnvironment = .system,
        logger: Logger? = nil
    ) throws(ClientConfigurationError) {
        base = try BaseAddress(configuration.baseURL, setting: "baseURL", withoutSegment: "v1.0")
        self.configuration = configuration
        self.tokens = tokens
        self.transport = transport
        self.gate = gate
        self.environment = environment
        self.logger = logger
        telemetry = HTTPTelemetry(host: base.host, port: base.port)
    }

    /// An executor for tasks that do little more than this client's calls: they run cheapest on the thread that serves its
    /// connections. A task that blocks or computes for long must not run there.
    public func taskExecutor() -> any TaskExecutor { self.transport.taskExecutor(for: self.base.text) }

    // MARK: - Calls

    /// Queues an export.
    ///
    /// - Parameters:
    ///   - kind: The kind of export.
    ///   - filter: The OData filter as plain text; nil or empty exports three years.
    ///   - fileFormat: The format of the file.
    ///   - idempotencyID: The same for every retry of this request, also after a crash; another one for another export.
    ///   - correlationID: The id by which the service's logs trace the calls of one job.
    /// - Returns: The export, usually queued.
    nonisolated(nonsending) public func create(
        kind: PayoutKind,
        filter: String? = nil,
        fileFormat: ExportFileFormat = .csv,
        idempotencyID: UUID,
        correlationID: UUID = UUID()
    ) async throws -> Export {
        let call = PayoutCall(
            operation: .create,
            kind: kind,
            account: self.configuration.account,
            requestID: nil,
            correlationID: correlationID,
            idempotencyID: idempotencyID
        )
        var url = base.text + kind.path
        if let filter = filter?.trimmingBlanks(), !filter.isEmpty {
            url += "?$filter=\(filter.percentEncoded())&fileformat=\(fileFormat.rawValue)"
        } else {
            url += "?fileformat=\(fileFormat.rawValue)"
        }
        let answer = try await perform(call, method: .POST, url: url)
        return try createdExport(from: answer, call: call)
    }

    /// Queues an export with a filter that was built for its kind.
    ///
    /// - Parameters:
    ///   - filter: The filter, which names the kind.
    ///   - fileFormat: The format of the file.
    ///   - idempotencyID: The same for every retry of this request, also after a crash; another one for another export.
    ///   - correlationID: The id by which the service's logs trace the calls of one job.
    /// - Returns: The export, usually queued.
    public func create<Kind: FilterKind>(
        filter: PayoutFilter<Kind>,
        fileFormat: ExportFileFormat = .csv,
        idempotencyID: UUID,
        correlationID: UUID = UUID()
    ) async throws -> Export {
        try await create(
            kind: Kind.kind,
            filter: filter.text,
            fileFormat: fileFormat,
            idempotencyID: idempotencyID,
            correlationID: correlationID
        )
    }

    /// Gets an export and its status.
    ///
    /// - Parameters:
    ///   - kind: The kind of export.
    ///   - requestID: The export's id.
    ///   - correlationID: The id by which the service's logs trace the calls of one job.
    nonisolated(nonsending) public func get(
        kind: PayoutKind,
        requestID: String,
        correlationID: UUID = UUID()
    ) async throws -> Export {
        let call = self.call(.get, kind: kind, requestID: requestID, correlationID: correlationID)
        let url = try exportURL(for: call, requestID: requestID)
        let answer = try await perform(call, method: .GET, url: url)
        return try foundExport(from: answer, call: call, requestID: requestID)
    }

    /// Deletes an export. The service refuses while the export is in progress: ``PayoutAPIError/Reason/conflict``.
    ///
    /// - Parameters:
    ///   - kind: The kind of export.
    ///   - requestID: The export's id.
    ///   - correlationID: The id by which the service's logs trace the calls of one job.
    public func delete(kind: PayoutKind, requestID: String, correlationID: UUID = UUID()) async throws {
        let call = self.call(.delete, kind: kind, requestID: requestID, correlationID: correlationID)
        let url = try exportURL(for: call, requestID: requestID)
        _ = try await perform(call, method: .DELETE, url: url)
    }

    /// Gets an export again.
    ///
    /// - Parameters:
    ///   - export: The export.
    ///   - correlationID: The id by which the service's logs trace the calls of one job.
    public func get(_ export: Export, correlationID: UUID = UUID()) async throws -> Export {
        try await get(kind: export.kind, requestID: export.requestID, correlationID: correlationID)
    }

    /// Deletes an export. The service refuses while the export is in progress: ``PayoutAPIError/Reason/conflict``.
    ///
    /// - Parameters:
    ///   - export: The export.
    ///   - correlationID: The id by which the service's logs trace the calls of one job.
    public func delete(_ export: Export, correlationID: UUID = UUID()) async throws {
        try await delete(kind: export.kind, requestID: export.requestID, correlationID: correlationID)
    }

    private func call(
        _ operation: PayoutCall.Operation,
        kind: PayoutKind,
        requestID: String,
        correlationID: UUID
    ) -> PayoutCall {
        PayoutCall(
            operation: operation,
            kind: kind,
            account: self.configuration.account,
            requestID: requestID,
            correlationID: correlationID,
            idempotencyID: self.requestIDs.next()
        )
    }

    /// The URL of an export. An id that could change the path is refused: it may come from untrusted input.
    private func exportURL(for call: PayoutCall, requestID: String) throws(PayoutAPIError) -> String {
        let isPath = requestID.isEmpty || requestID.utf8.allSatisfy { $0 == UInt8(ascii: ".") }
        guard !isPath, requestID.utf8.count <= 512 else {
            throw PayoutAPIError(
                reason: .rejected,
                call: call,
                detail: isPath ? "the request id is empty" : "the request id is longer than 512 bytes"
            )
        }
        return "\(base.text)\(call.kind.path)/\(requestID.percentEncoded())"
    }
}
