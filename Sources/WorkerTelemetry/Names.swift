package import ExportCore

// Names of the core's cases for labels, JSON and the dashboard.

extension JobPhase {
    package var label: String {
        switch self {
        case .accepted: "accepted"
        case .submitting: "submitting"
        case .waiting: "waiting"
        case .ready: "ready"
        case .finished: "finished"
        }
    }
}

extension JobStatus {
    package var label: String {
        switch self {
        case .completed: "completed"
        case .failed: "failed"
        case .cancelled: "cancelled"
        case .rejected: "rejected"
        }
    }
}

extension JobErrorCode {
    package var label: String {
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

extension ExportKind {
    package var label: String {
        switch self {
        case .transactionHistory: "transactionHistory"
        case .payments: "payments"
        }
    }
}

extension FileFormat {
    package var label: String {
        switch self {
        case .csv: "csv"
        case .tsv: "tsv"
        }
    }
}

extension CallKind {
    package var label: String {
        switch self {
        case .create: "create"
        case .poll: "poll"
        case .delete: "delete"
        case .download: "download"
        }
    }
}

extension OutputKind {
    package var label: String {
        switch self {
        case .event: "event"
        case .deadLetter: "deadLetter"
        }
    }
}

extension IntakePause {
    package var label: String {
        switch self {
        case .pending: "pending"
        case .failures: "failures"
        case .commits: "commits"
        }
    }
}

extension AccountProblem {
    package var label: String {
        switch self {
        case .refused: "refused"
        case .mfaRequired: "mfaRequired"
        case .locked: "locked"
        }
    }
}

extension PartitionLifecycle {
    package var label: String {
        switch self {
        case .restoring: "restoring"
        case .active: "active"
        case .draining: "draining"
        case .stopped: "stopped"
        }
    }

    /// The four names, in the order of a partition's life.
    package static let labels = ["restoring", "active", "draining", "stopped"]
}

extension CallResult {
    /// The call's result, as a label.
    package var outcome: String {
        switch self {
        case .created, .polled, .deleted, .stored: "ok"
        case .notDeletableYet: "notDeletableYet"
        case .notFound: "notFound"
        case .urlExpired: "urlExpired"
        case .failed(.transient): "passing"
        case .failed(.storeUnavailable): "storeUnavailable"
        case .failed(.throttled): "throttled"
        case .failed(.refused): "refused"
        case .failed(.unusableFile): "unusableFile"
        case .failed(.refusedLocation): "refusedLocation"
        case .failed(.account): "account"
        case .failed(.abandoned): "abandoned"
        }
    }
}
