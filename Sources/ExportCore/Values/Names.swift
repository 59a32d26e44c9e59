// The names of the core's cases, in jobs, events, metrics and documents.

extension ExportKind {
    /// The kind's name.
    public var name: String {
        switch self {
        case .transactionHistory: "transactionHistory"
        case .payments: "payments"
        }
    }

    /// The kind with a name; `nil` where no kind has it.
    public init?(name: String) {
        guard let kind = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = kind
    }
}

extension FileFormat {
    /// The format's name.
    public var name: String {
        switch self {
        case .csv: "csv"
        case .tsv: "tsv"
        }
    }
}

extension JobStatus {
    /// The status's name.
    public var name: String {
        switch self {
        case .completed: "completed"
        case .failed: "failed"
        case .cancelled: "cancelled"
        case .rejected: "rejected"
        }
    }
}

extension JobBatchStatus {
    /// The status's name.
    public var name: String {
        switch self {
        case .completed: "completed"
        case .partial: "partial"
        case .incomplete: "incomplete"
        }
    }
}

extension JobPhase {
    /// The phase's name.
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
    /// The code's name.
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
