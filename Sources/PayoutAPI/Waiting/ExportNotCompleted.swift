public import PayoutFilters

/// An export that has no file, where one is needed.
public struct ExportNotCompleted: Error, Sendable, Hashable, CustomStringConvertible {
    /// Why there is no file. More cases may be added.
    public enum Reason: Sendable, Hashable {
        /// The service has ended the export as Failed, after retries of its own.
        case failed
        /// The export was not completed in time; it may be completed later.
        case timedOut
        /// The export is not completed yet, or the service has not reported its file's URL yet.
        case pending
    }

    /// Why there is no file.
    public let reason: Reason
    /// The kind of export.
    public let kind: PayoutKind
    /// The export's id at the service.
    public let requestID: String

    init(_ export: Export, _ reason: Reason) {
        self.reason = reason
        kind = export.kind
        requestID = export.requestID
    }

    /// What failed, why, and what to do.
    public var description: String {
        let end =
            switch reason {
            case .failed: "has failed at the service. Create it again with another idempotency id."
            case .timedOut: "was not completed in time. It may be completed later: get it again."
            case .pending: "has no file yet. Wait until it is completed."
            }
        return "The export \(requestID) of \(kind.rawValue) \(end)"
    }
}
