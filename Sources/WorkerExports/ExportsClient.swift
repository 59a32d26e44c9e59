public import ExportCore
import Foundation
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
    private let logger: Logger

    /// Creates the port.
    ///
    /// - Parameters:
    ///   - accounts: A client for each account. They must not retry: the worker schedules repetitions.
    ///   - downloads: Brings files into the file store; `nil` where the service's URL is handed on.
    ///   - logger: Where odd answers are logged.
    public init(accounts: [String: PayoutClient], downloads: FileDelivery?, logger: Logger) {
        self.accounts = AccountClients(accounts)
        self.downloads = downloads
        self.logger = logger
    }

    /// The connections' own threads for calls of the API. Downloads hash what they fetch and go anywhere.
    public func executor(for call: Call) -> (any TaskExecutor)? {
        call.token.kind == .download ? nil : accounts[call.job.account]?.taskExecutor()
    }

    /// Takes other clients, made with other credentials. Calls under way end with those that they began with.
    public func replaceClients(_ clients: [String: PayoutClient]) { accounts.replace(clients) }

    /// Makes one call and says what came of it. Its requests belong to the job's trace.
    public func perform(_ call: Call) async -> CallResult {
        guard let trace = call.job.trace else { return await answer(call) }
        return await ServiceContext.$current.withValue(trace.serviceContext) { await answer(call) }
    }

    private func answer(_ call: Call) async -> CallResult {
        guard let client = accounts[call.job.account] else {
            let message = "The account '\(call.job.account)' is not configured at this worker."
            return .failed(.account(.locked(message: message)))
        }
        do {
            return try await perform(call, with: client)
        } catch let error as PayoutAPIError {
            return Self.result(of: error)
        } catch {
            return .failed(.abandoned)
        }
    }

    private func perform(_ call: Call, with client: PayoutClient) async throws -> CallResult {
        let kind = PayoutKind(call.job.kind)
        let correlationID = UUID.correlationID(job: call.job.id)
        guard call.token.kind != .create else {
            let export = try await client.create(
                kind: kind,
                filter: call.job.filter,
                fileFormat: call.job.fileFormat == .csv ? .csv : .tsv,
                idempotencyID: .idempotencyID(
                    job: call.job.id,
                    attempt: call.attempt,
                    accepted: call.isNamedByAcceptance ? call.accepted : nil
                ),
                correlationID: correlationID
            )
            return .created(requestID: export.requestID)
        }
        guard let requestID = call.requestID else {
            return .failed(.refused(message: "The job has no requestId, so its export cannot be asked for."))
        }
        switch call.token.kind {
        case .create: return .failed(.abandoned)
        case .poll:
            let export = try await client.get(kind: kind, requestID: requestID, correlationID: correlationID)
            return .seen(
                ExportCore.ExportStatus(export.status),
                url: export.blobLocation?.unredacted,
                expiresAt: export.blobLocation?.expiresAt.map { Instant($0) }
            )
        case .delete:
            try await client.delete(kind: kind, requestID: requestID, correlationID: correlationID)
            return .deleted
        case .download:
            guard let downloads, let url = call.blobURL else { return .urlExpired }
            return await downloads.deliver(call, from: url) {
                try await client.get(kind: kind, requestID: requestID, correlationID: correlationID).blobLocation
            }
        }
    }

    /// What an error of the API client means to the worker.
    static func result(of error: PayoutAPIError) -> CallResult {
        switch error.reason {
        case .notFound: return .notFound
        case .conflict where error.call.operation == .delete: return .notDeletableYet
        case .rejected where error.call.operation == .delete: return .notDeletableYet
        default: break
        }
        switch error.recovery {
        case .retryable: return .failed(.passing(message: error.description))
        case .throttled: return .failed(.throttled(retryAfter: error.retryAfter))
        case .permanentForJob: return .failed(.refused(message: error.description))
        case .permanentForAccount: return .failed(.account(problem(of: error)))
        }
    }

    private static func problem(of error: PayoutAPIError) -> AccountProblem {
        if case .authentication(let failure) = error.reason, failure.reason == .accountLocked {
            return .locked(message: error.description)
        }
        return .refused(message: error.description)
    }
}

/// The clients in use; they change while the worker runs.
private final class AccountClients: Sendable {
    private let clients: Mutex<[String: PayoutClient]>

    init(_ clients: [String: PayoutClient]) { self.clients = Mutex(clients) }

    subscript(account: String) -> PayoutClient? { clients.withLock { $0[account] } }

    func replace(_ others: [String: PayoutClient]) { clients.withLock { $0 = others } }
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
