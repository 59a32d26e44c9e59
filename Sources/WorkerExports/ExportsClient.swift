import EntraIdentity
public import ExportCore
import Foundation
import HTTPAccess
public import Logging
public import PayoutAPI
import PayoutFilters
import Synchronization
import Tracing
public import WorkerRuntime

/// The exports port: the service through the shared API client, files through the file store.
public struct ExportsClient: ExportsPort {
    private let accounts: AccountClients
    private let downloads: FileDelivery?
    private let hosts: AllowedHosts
    private let logger: Logger

    /// Creates the port.
    ///
    /// - Parameters:
    ///   - accounts: A client for each account. They must not retry: the worker schedules retries.
    ///   - downloads: Stores files in the file store; `nil` where the service's URL is passed through.
    ///   - hosts: The allowed hosts of files. A URL of another host is neither fetched nor passed through.
    ///   - logger: Receives log messages about unexpected answers.
    public init(
        accounts: [String: PayoutClient],
        downloads: FileDelivery?,
        hosts: BlobHostRules = .azure,
        logger: Logger
    ) {
        self.hosts = AllowedHosts(hosts)
        self.accounts = AccountClients(accounts)
        callExecutor = accounts.values.first?.taskExecutor()
        self.downloads = downloads
        self.logger = logger
    }

    /// The connections' own threads for API calls; any executor for downloads, because they hash what they fetch.
    public func executor(for call: Call) -> (any TaskExecutor)? {
        call.token.kind.isTransfer ? nil : accounts[call.job.account]?.value.taskExecutor()
    }

    /// The executor of the calls of one account; usually of all, because their service is the same.
    public let callExecutor: (any TaskExecutor)?

    /// Replaces the clients, for example after the credentials changed. Calls in flight keep their client.
    public func replaceClients(_ clients: [String: PayoutClient]) { accounts.replace(clients) }

    /// Makes one call and returns its result. Its requests belong to the job's trace.
    nonisolated(nonsending) public func perform(_ call: Call, _ transfer: Transfer?) async -> CallResult {
        guard let context = call.job.trace?.serviceContext else { return await answer(call, transfer) }
        return await ServiceContext.$current.withValue(context) { await answer(call, transfer) }
    }

    /// Stores the manifest of a batch in the file store.
    public func store(_ manifest: BatchManifest) async -> CallResult {
        guard let downloads else { return .failed(.refused(message: "There is no file store for manifests.")) }
        return await downloads.store(manifest)
    }

    nonisolated(nonsending) private func answer(_ call: Call, _ transfer: Transfer?) async -> CallResult {
        guard let client = accounts[call.job.account] else {
            let message = "The account '\(call.job.account)' is not configured at this worker."
            return .failed(.account(.locked(message: message)))
        }
        do {
            return try await perform(call, transfer, with: client.value)
        } catch {
            return Self.result(of: error)
        }
    }

    // A function for each kind of call, not inlined, so that the frames of calls stay small.

    nonisolated(nonsending) private func perform(
        _ call: Call,
        _ transfer: Transfer?,
        with client: PayoutClient
    ) async throws -> CallResult {
        switch call.token.kind {
        case .create: try await create(call, with: client)
        case .poll: try await poll(call, with: client)
        case .delete: try await delete(call, with: client)
        case .download: try await download(call, transfer ?? Transfer(), with: client)
        case .manifest: .failed(.abandoned)
        }
    }

    @inline(never)
    nonisolated(nonsending) private func create(_ call: Call, with client: PayoutClient) async throws -> CallResult {
        let export = try await client.create(
            kind: PayoutKind(call.job.kind),
            filter: call.job.filter,
            fileFormat: call.job.fileFormat == .csv ? .csv : .tsv,
            idempotencyID: .idempotencyID(
                job: call.job.id,
                attempt: call.attempt,
                accepted: call.isNamedByAcceptance ? call.accepted : nil
            ),
            correlationID: .correlationID(job: call.job.id)
        )
        return .created(requestID: export.requestID)
    }

    @inline(never)
    nonisolated(nonsending) private func poll(_ call: Call, with client: PayoutClient) async throws -> CallResult {
        guard let requestID = call.requestID else { return Self.withoutRequestID }
        return polled(try await export(requestID, of: call, with: client))
    }

    nonisolated(nonsending) private func export(
        _ requestID: String,
        of call: Call,
        with client: PayoutClient
    ) async throws -> Export {
        let correlationID = UUID.correlationID(job: call.job.id)
        return try await client.get(
            kind: PayoutKind(call.job.kind),
            requestID: requestID,
            correlationID: correlationID
        )
    }

    @inline(never)
    nonisolated(nonsending) private func delete(_ call: Call, with client: PayoutClient) async throws -> CallResult {
        guard let requestID = call.requestID else { return Self.withoutRequestID }
        let correlationID = UUID.correlationID(job: call.job.id)
        try await client.delete(
            kind: PayoutKind(call.job.kind),
            requestID: requestID,
            correlationID: correlationID
        )
        return .deleted
    }

    @inline(never)
    nonisolated(nonsending) private func download(
        _ call: Call,
        _ transfer: Transfer,
        with client: PayoutClient
    ) async throws -> CallResult {
        guard let requestID = call.requestID else { return Self.withoutRequestID }
        guard let downloads, let url = call.blobURL else { return .urlExpired }
        return await downloads.deliver(call, from: url, transfer) {
            try await export(requestID, of: call, with: client).blobLocation
        }
    }

    private static let withoutRequestID = CallResult.failed(
        .refused(message: "The job has no requestId, so its export cannot be polled.")
    )

    /// The result of a poll. A URL is accepted only when its host is allowed.
    @inline(never)
    private func polled(_ export: Export) -> CallResult {
        let status = ExportCore.ExportStatus(export.status)
        guard status == .completed, let location = export.blobLocation else {
            return .polled(status, url: nil, expiresAt: nil)
        }
        if let objection = hosts.objection(to: location.unredacted) {
            return .failed(.refusedLocation(message: "\(BlobDownloadError(refusing: location, because: objection))"))
        }
        return .polled(
            status,
            url: location.unredacted,
            expiresAt: location.expiresAt.map { Instant($0) },
            // Some services write the year 1 for a time that they do not have.
            requested: export.requestDateTime.map { Instant($0) }.flatMap { $0.milliseconds > 0 ? $0 : nil }
        )
    }

    @inline(never)
    private static func result(of error: any Error) -> CallResult {
        guard let error = error as? PayoutAPIError else { return .failed(.abandoned) }
        return result(of: error)
    }

    /// The result for an error of the API client.
    static func result(of error: PayoutAPIError) -> CallResult {
        switch error.reason {
        case .notFound: return .notFound
        case .conflict where error.call.operation == .delete: return .notDeletableYet
        case .rejected where error.call.operation == .delete: return .notDeletableYet
        default: break
        }
        switch error.recovery {
        case .retryable: return .failed(.transient(message: error.description))
        case .throttled: return .failed(.throttled(retryAfter: error.retryAfter))
        case .permanentForJob: return .failed(.refused(message: error.description))
        case .permanentForAccount: return .failed(.account(problem(of: error)))
        }
    }

    private static func problem(of error: PayoutAPIError) -> AccountProblem {
        if case .authentication(let failure) = error.reason, failure.reason == .accountLocked {
            return .locked(message: error.description)
        }
        if case .mfaRequired = error.reason { return .mfaRequired(message: error.description) }
        return .refused(message: error.description)
    }
}

/// The allowed hosts of files. The last one that was allowed is remembered, because most files come from the same host, and
/// parsing a URL costs as much as the rest of an answer.
private final class AllowedHosts: Sendable {
    private let rules: BlobHostRules
    private let last = Mutex("")

    init(_ rules: BlobHostRules) { self.rules = rules }

    /// Why a file must not be downloaded from a URL; nil when it may.
    func objection(to url: String) -> String? {
        guard let origin = WebLocation.origin(of: url) else { return rules.objection(to: url) }
        guard last.withLock({ $0 != origin }) else { return nil }
        let objection = rules.objection(to: url)
        if objection == nil { last.withLock { $0 = String(origin) } }
        return objection
    }
}

/// The present clients; they can be replaced while the worker runs.
private final class AccountClients: Sendable {
    /// Calls share a client: copies of it would cost more than the rest of a call's preparations.
    final class Client: Sendable {
        let value: PayoutClient

        init(_ value: PayoutClient) { self.value = value }
    }

    private let clients: Mutex<[String: Client]>

    init(_ clients: [String: PayoutClient]) { self.clients = Mutex(clients.mapValues { Client($0) }) }

    subscript(account: String) -> Client? { clients.withLock { $0[account] } }

    func replace(_ others: [String: PayoutClient]) {
        let others = others.mapValues { Client($0) }
        clients.withLock { $0 = others }
    }
}

extension PayoutKind {
    init(_ kind: ExportKind) {
        switch kind {
        case .transactionHistory: self = .transactionHistory
        case .payments: self = .payments
        }
    }
}

extension ExportCore.ExportStatus {
    init(_ status: PayoutAPI.ExportStatus) {
        switch status {
        case .queued: self = .queued
        case .processing: self = .processing
        case .completed: self = .completed
        case .failed: self = .failed
        case .unknown(let text): self = .unknown(text)
        }
    }
}

extension Instant {
    init(_ date: Date) { self.init(milliseconds: Int64((date.timeIntervalSince1970 * 1_000).rounded())) }
}
