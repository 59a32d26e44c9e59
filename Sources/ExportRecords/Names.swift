public import ExportCore
import Primitives

extension ExportKind {
    /// The kind's name in jobs and events.
    public var name: String {
        switch self {
        case .transactionHistory: "transactionHistory"
        case .payments: "payments"
        }
    }

    /// Finds a kind by its name in jobs and events.
    public init?(name: String) {
        guard let kind = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = kind
    }
}

extension FileFormat {
    /// The format's name in jobs and events.
    public var name: String {
        switch self {
        case .csv: "csv"
        case .tsv: "tsv"
        }
    }

    /// Finds a format by its name in jobs and events.
    public init?(name: String) {
        guard let format = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = format
    }
}

extension JobStatus {
    /// The status's name in events.
    public var name: String {
        switch self {
        case .completed: "completed"
        case .failed: "failed"
        case .cancelled: "cancelled"
        case .rejected: "rejected"
        }
    }
}

extension JobPhase {
    /// The phase's name, for people.
    public var name: String {
        switch self {
        case .accepted: "accepted"
        case .submitting: "submitting"
        case .waiting: "waiting"
        case .ready: "ready"
        case .finished: "finished"
        }
    }
}

extension JobErrorCode {
    /// The code's name in events.
    public var name: String {
        switch self {
        case .invalidJob: "invalidJob"
        case .apiRejected: "apiRejected"
        case .exportFailed: "exportFailed"
        case .exportNotFound: "exportNotFound"
        case .deadlineExceeded: "deadlineExceeded"
        case .downloadFailed: "downloadFailed"
        case .unknownAccount: "unknownAccount"
        case .unknownJob: "unknownJob"
        case .conflictingJob: "conflictingJob"
        case .tooLarge: "tooLarge"
        }
    }
}

extension Instant {
    /// The time as RFC 3339 in UTC with milliseconds, for example `2026-12-01T00:00:00.000Z`.
    public var rfc3339: String { Timestamp(milliseconds: milliseconds).rfc3339() }

    /// Reads an RFC 3339 date with none to nine digits of a fraction and any offset; `nil` for anything else.
    public init?(rfc3339 text: String) {
        guard let time = Timestamp(rfc3339: text) else { return nil }
        self.init(milliseconds: time.milliseconds)
    }
}
