package import ExportCore

// Names of those of the core's cases that appear only in metrics, logs and the console's documents.

extension CallKind {
    package var label: String {
        switch self {
        case .create: "create"
        case .poll: "poll"
        case .delete: "delete"
        case .download: "download"
        case .manifest: "manifest"
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
