public import struct Foundation.UUID
import HTTPAccess
public import PayoutFilters
import Primitives

/// The identity of one API call in errors, logs and gates. Retries belong to the same call. ``PayoutClient`` makes one for each
/// call.
public struct PayoutCall: Sendable, Hashable {
    /// The operation of a call.
    public enum Operation: String, Sendable, Hashable, CaseIterable {
        /// Queue a new export.
        case create
        /// Get an export's status.
        case get
        /// Delete an export.
        case delete
    }

    /// The operation.
    public let operation: Operation
    /// The kind of export.
    public let kind: PayoutKind
    /// The account's name in the configuration.
    public let account: String
    /// The export's id at the service; nil for ``Operation/create``.
    public let requestID: String?
    /// The id by which the service traces the call: `ms-correlationid`.
    public let correlationID: UUID
    /// The id by which the service recognizes retries of the call: `ms-requestid`.
    public let idempotencyID: UUID
}

extension PayoutCall: CustomStringConvertible {
    /// For example `create a payments export for account default`.
    public var description: String {
        switch operation {
        case .create: "create a \(kind) export for account \(account)"
        case .get: "get \(kind) export \(shownRequestID) of account \(account)"
        case .delete: "delete \(kind) export \(shownRequestID) of account \(account)"
        }
    }

    private var shownRequestID: String { Redaction.bounded(requestID ?? "") }
}

extension PayoutCall {
    /// The call's name in metrics and spans.
    var route: HTTPRoute {
        switch operation {
        case .create: HTTPRoute("POST", kind.path)
        case .get: HTTPRoute("GET", kind.path + "/{requestId}")
        case .delete: HTTPRoute("DELETE", kind.path + "/{requestId}")
        }
    }
}

extension PayoutKind {
    /// The path below the base URL.
    var path: String {
        switch self {
        case .transactionHistory: "/v1.0/payouts/transactionhistory"
        case .payments: "/v1.0/payouts/payments"
        }
    }
}
