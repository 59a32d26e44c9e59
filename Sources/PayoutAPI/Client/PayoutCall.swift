public import struct Foundation.UUID
public import PayoutFilters

/// One logical call of the API: what errors, logs and gates know it by. Repeats belong to the same call.
public struct PayoutCall: Sendable, Hashable {
    /// What is asked of the service.
    public enum Operation: String, Sendable, Hashable, CaseIterable {
        /// Queue a new export.
        case create
        /// Look at an export.
        case get
        /// Delete an export.
        case delete
    }

    /// What is asked of the service.
    public let operation: Operation
    /// The kind of export.
    public let kind: PayoutKind
    /// The name that the account was configured under.
    public let account: String
    /// The export's id at the service; nil for ``Operation/create``.
    public let requestID: String?
    /// What the call is traced by at the service: `ms-correlationid`.
    public let correlationID: UUID
    /// What makes repeats of the call one request for the service: `ms-requestid`.
    public let idempotencyID: UUID
}

extension PayoutCall: CustomStringConvertible {
    /// For example `create a payments export for account default`.
    public var description: String {
        switch self.operation {
        case .create: "create a \(self.kind) export for account \(self.account)"
        case .get: "look at \(self.kind) export \(self.shownRequestID) of account \(self.account)"
        case .delete: "delete \(self.kind) export \(self.shownRequestID) of account \(self.account)"
        }
    }

    private var shownRequestID: String { Redaction.bounded(self.requestID ?? "") }
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
