import ExportCore
import SwiftProtobuf

// The numbers of the core's values and those of state.proto are mapped one by one, so that a change on
// either side cannot change the stored values by accident.

/// The core's value of a number in a record.
///
/// - Throws: `unknownValue` when this build does not know the number.
func known<Proto: SwiftProtobuf.Enum, Value>(
    _ proto: Proto,
    _ convert: (Proto) -> Value?,
    _ field: String,
    _ key: String
) throws(StateDecodingError) -> Value {
    guard let value = convert(proto) else {
        throw .unknownValue(field: field, number: proto.rawValue, key: key)
    }
    return value
}

extension JobPhase {
    init?(_ proto: ProtoPhase) {
        switch proto {
        case .accepted: self = .accepted
        case .submitting: self = .submitting
        case .waiting: self = .waiting
        case .ready: self = .ready
        case .finished: self = .finished
        case .unspecified, .UNRECOGNIZED: return nil
        }
    }
}

extension ProtoPhase {
    init(_ value: JobPhase) {
        switch value {
        case .accepted: self = .accepted
        case .submitting: self = .submitting
        case .waiting: self = .waiting
        case .ready: self = .ready
        case .finished: self = .finished
        }
    }
}

extension ExportKind {
    init?(_ proto: ProtoKind) {
        switch proto {
        case .transactionHistory: self = .transactionHistory
        case .payments: self = .payments
        case .unspecified, .UNRECOGNIZED: return nil
        }
    }
}

extension ProtoKind {
    init(_ value: ExportKind) {
        switch value {
        case .transactionHistory: self = .transactionHistory
        case .payments: self = .payments
        }
    }
}

extension FileFormat {
    init?(_ proto: ProtoFileFormat) {
        switch proto {
        case .csv: self = .csv
        case .tsv: self = .tsv
        case .unspecified, .UNRECOGNIZED: return nil
        }
    }
}

extension ProtoFileFormat {
    init(_ value: FileFormat) {
        switch value {
        case .csv: self = .csv
        case .tsv: self = .tsv
        }
    }
}

extension JobStatus {
    init?(_ proto: ProtoStatus) {
        switch proto {
        case .completed: self = .completed
        case .failed: self = .failed
        case .cancelled: self = .cancelled
        case .rejected: self = .rejected
        case .unspecified, .UNRECOGNIZED: return nil
        }
    }
}

extension ProtoStatus {
    init(_ value: JobStatus) {
        switch value {
        case .completed: self = .completed
        case .failed: self = .failed
        case .cancelled: self = .cancelled
        case .rejected: self = .rejected
        }
    }
}

extension Cleanup {
    init?(_ proto: ProtoCleanup) {
        switch proto {
        case .none: self = .none
        case .findThenDelete: self = .findThenDelete
        case .delete: self = .delete
        case .UNRECOGNIZED: return nil
        }
    }
}

extension ProtoCleanup {
    init(_ value: Cleanup) {
        switch value {
        case .none: self = .none
        case .findThenDelete: self = .findThenDelete
        case .delete: self = .delete
        }
    }
}

extension JobErrorCode {
    init?(_ proto: ProtoErrorCode) {
        switch proto {
        case .invalidJob: self = .invalidJob
        case .apiRejected: self = .apiRejected
        case .exportFailed: self = .exportFailed
        case .exportNotFound: self = .exportNotFound
        case .deadlineExceeded: self = .deadlineExceeded
        case .downloadFailed: self = .downloadFailed
        case .unknownAccount: self = .unknownAccount
        case .unknownJob: self = .unknownJob
        case .conflictingJob: self = .conflictingJob
        case .tooLarge: self = .tooLarge
        case .unspecified, .UNRECOGNIZED: return nil
        }
    }
}

extension ProtoErrorCode {
    init(_ value: JobErrorCode) {
        switch value {
        case .invalidJob: self = .invalidJob
        case .apiRejected: self = .apiRejected
        case .exportFailed: self = .exportFailed
        case .exportNotFound: self = .exportNotFound
        case .deadlineExceeded: self = .deadlineExceeded
        case .downloadFailed: self = .downloadFailed
        case .unknownAccount: self = .unknownAccount
        case .unknownJob: self = .unknownJob
        case .conflictingJob: self = .conflictingJob
        case .tooLarge: self = .tooLarge
        }
    }
}
