public import struct Foundation.UUID
public import Logging
import NIOHTTP1
public import PayoutFilters

/// A client of the Partner Center Payout API for one account: queues exports, looks at them, deletes them.
///
/// Every call throws ``PayoutAPIError``, or `CancellationError` when its task was cancelled, or what the gate threw.
public struct PayoutClient: Sendable {
    /// Where the service is and how it is called.
    public struct Configuration: Sendable {
        /// The service's address; a version segment `/v1.0` at its end is left out.
        public var baseURL = "https://api.partner.microsoft.com"
        /// The name that errors and logs call the account by.
        public var account = "default"
        /// The longest wait for one answer, body included.
        public var requestTimeout: Duration = .seconds(60)
        /// What is repeated by the client itself.
        public var retryPolicy: RetryPolicy = .standard
        /// The `User-Agent` header.
        public var userAgent = "payout-api"

        /// The defaults.
        public init() {}
    }

    let configuration: Configuration
    let base: BaseAddress
    let tokens: any TokenProvider
    let transport: PayoutTransport
    let gate: (any RequestGate)?
    let environment: PayoutEnvironment
    let logger: Logger?
    let telemetry: HTTPTelemetry

    /// Makes a client; nothing is sent yet.
    ///
    /// - Parameters:
    ///   - configuration: Where the service is and how it is called.
    ///   - tokens: Where access tokens come from.
    ///   - transport: The connections to use.
    ///   - gate: Limits of the caller's own.
    ///   - environment: Time and chance.
    ///   - logger: Gets one message a request at debug level, and one for each repeat at info level.
    /// - Throws: ``PayoutConfigurationError`` when the base URL is none.
    public init(
        configuration: Configuration = Configuration(),
        tokens: any TokenProvider,
        transport: PayoutTransport,
        gate: (any RequestGate)? = nil,
        environment: PayoutEnvironment = .system,
        logger: Logger? = nil
    ) throws(PayoutConfigurationError) {
        self.base = try BaseAddress(configuration.baseURL, setting: "baseURL", withoutSegment: "v1.0")
        self.configuration = configuration
        self.tokens = tokens
        self.transport = transport
        self.gate = gate
        self.environment = environment
        self.logger = logger
        self.telemetry = HTTPTelemetry(host: self.base.host, port: self.base.port)
    }

    /// Where a task that does little more than this client's calls runs cheapest: see ``PayoutTransport/taskExecutor()``.
    public func taskExecutor() -> any TaskExecutor { self.transport.taskExecutor() }

    // MARK: - Calls

    /// Queues an export.
    ///
    /// - Parameters:
    ///   - kind: What to export.
    ///   - filter: The OData filter as plain text; nil or empty exports three years.
    ///   - fileFormat: What the file is to be written in.
    ///   - idempotencyID: The same for every repeat of this request, also after a crash; another for another export.
    ///   - correlationID: What the service's logs trace the calls of one job by.
    /// - Returns: The export, usually queued.
    public func create(
        kind: PayoutKind,
        filter: String? = nil,
        fileFormat: ExportFileFormat = .csv,
        idempotencyID: UUID,
        correlationID: UUID
    ) async throws -> Export {
        let call = PayoutCall(
            operation: .create,
            kind: kind,
            account: self.configuration.account,
            requestID: nil,
            correlationID: correlationID,
            idempotencyID: idempotencyID
        )
        var url = self.base.text + kind.path
        if let filter = filter?.trimmingBlanks(), !filter.isEmpty {
            url += "?$filter=\(filter.percentEncoded())&fileformat=\(fileFormat.rawValue)"
        } else {
            url += "?fileformat=\(fileFormat.rawValue)"
        }
        let answer = try await self.perform(call, method: .POST, url: url)
        return try self.createdExport(from: answer, call: call)
    }

    /// Queues an export with a filter that was built for its kind.
    ///
    /// - Parameters:
    ///   - filter: The filter, which names the kind.
    ///   - fileFormat: What the file is to be written in.
    ///   - idempotencyID: The same for every repeat of this request, also after a crash; another for another export.
    ///   - correlationID: What the service's logs trace the calls of one job by.
    /// - Returns: The export, usually queued.
    public func create<Kind: FilterKind>(
        filter: PayoutFilter<Kind>,
        fileFormat: ExportFileFormat = .csv,
        idempotencyID: UUID,
        correlationID: UUID
    ) async throws -> Export {
        try await self.create(
            kind: Kind.kind,
            filter: filter.text,
            fileFormat: fileFormat,
            idempotencyID: idempotencyID,
            correlationID: correlationID
        )
    }

    /// Looks at an export.
    ///
    /// - Parameters:
    ///   - kind: What is exported.
    ///   - requestID: The export's id.
    ///   - correlationID: What the service's logs trace the calls of one job by.
    public func get(kind: PayoutKind, requestID: String, correlationID: UUID) async throws -> Export {
        let call = self.call(.get, kind: kind, requestID: requestID, correlationID: correlationID)
        let url = try self.exportURL(for: call, requestID: requestID)
        let answer = try await self.perform(call, method: .GET, url: url)
        return try self.foundExport(from: answer, call: call, requestID: requestID)
    }

    /// Deletes an export. The service refuses while the export is being made: ``PayoutAPIError/Reason/conflict``.
    ///
    /// - Parameters:
    ///   - kind: What is exported.
    ///   - requestID: The export's id.
    ///   - correlationID: What the service's logs trace the calls of one job by.
    public func delete(kind: PayoutKind, requestID: String, correlationID: UUID) async throws {
        let call = self.call(.delete, kind: kind, requestID: requestID, correlationID: correlationID)
        let url = try self.exportURL(for: call, requestID: requestID)
        _ = try await self.perform(call, method: .DELETE, url: url)
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
            idempotencyID: UUID()
        )
    }

    /// An id that could change the path is refused here: it may come from a job that someone else wrote.
    private func exportURL(for call: PayoutCall, requestID: String) throws(PayoutAPIError) -> String {
        let isPath = requestID.isEmpty || requestID.utf8.allSatisfy { $0 == UInt8(ascii: ".") }
        guard !isPath, requestID.utf8.count <= 512 else {
            throw PayoutAPIError(
                reason: .rejected,
                call: call,
                detail: isPath ? "the request id is empty" : "the request id is longer than 512 bytes"
            )
        }
        return "\(self.base.text)\(call.kind.path)/\(requestID.percentEncoded())"
    }
}
