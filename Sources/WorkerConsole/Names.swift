import ExportCore

// Names of the core's cases, as labels, in JSON and on the page.

extension JobPhase {
    var label: String {
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
    var label: String {
        switch self {
        case .completed: "completed"
        case .failed: "failed"
        case .cancelled: "cancelled"
        case .rejected: "rejected"
        }
    }
}

extension JobErrorCode {
    var label: String {
        switch self {
        case .invalidJob: "invalidJob"
        case .apiRejected: "apiRejected"
        case .exportFailed: "exportFailed"
        case .exportNotFound: "exportNotFound"
        case .deadlineExceeded: "deadlineExceeded"
        case .downloadFailed: "downloadFailed"
        case .unknownAccount: "unknownAccount"
        case .unknownJob: "unknownJob"
        }
    }
}

extension ExportKind {
    var label: String {
        switch self {
        case .transactionHistory: "transactionHistory"
        case .payments: "payments"
        }
    }
}

extension FileFormat {
    var label: String {
        switch self {
        case .csv: "csv"
        case .tsv: "tsv"
        }
    }
}

extension CallKind {
    var label: String {
        switch self {
        case .create: "create"
        case .poll: "poll"
        case .delete: "delete"
        case .download: "download"
        }
    }
}

extension IntakePause {
    var label: String {
        switch self {
        case .pending: "pending"
        case .failures: "failures"
        case .commits: "commits"
        }
    }
}

extension PartitionLifecycle {
    var label: String {
        switch self {
        case .restoring: "restoring"
        case .active: "active"
        case .draining: "draining"
        case .stopped: "stopped"
        }
    }

    /// The four names, in the order of a partition's life.
    static let labels = ["restoring", "active", "draining", "stopped"]
}

extension CallResult {
    /// How the call came out, as a label.
    var outcome: String {
        switch self {
        case .created, .seen, .deleted, .stored: "ok"
        case .notDeletableYet: "notDeletableYet"
        case .notFound: "notFound"
        case .urlExpired: "urlExpired"
        case .failed(.passing): "passing"
        case .failed(.throttled): "throttled"
        case .failed(.refused): "refused"
        case .failed(.account): "account"
        case .failed(.abandoned): "abandoned"
        }
    }
}
