package import ExportCore

extension StopReason {
    /// What happened, for operators.
    package var explanation: String {
        switch self {
        case .stateUnreadable(let offset, let cause):
            "The state record at offset \(offset) of this partition cannot be read: \(cause)."
        case .statePartitionMissing: "The state topic has no partition of this number."
        case .stateReadTooSlow(let seconds, let kept):
            "Reading this partition of the state topic took \(seconds) s, and its delete.retention.ms is \(kept): jobs that were forgotten meanwhile would come back."
        case .jobsEndBelowPosition(let position, let end):
            "Records up to offset \(position) of this partition of the jobs topic are decided, and it ends at \(end): the topic was deleted and created again, or lost records."
        case .jobsReplaced(let offset):
            "Another record than the one that was decided is at offset \(offset) of this partition of the jobs topic: the topic was deleted and created again."
        case .stateMissing(let committed):
            "The group has committed offset \(committed) of this partition of the jobs topic, and its partition of the state topic is empty: the state topic was deleted and created again, or its records were deleted. Jobs that were in flight are lost."
        case .stateTruncated(let start):
            "The partition of the state topic begins at offset \(start): its older records were deleted, by retention or by a command. Jobs may be lost."
        case .stateIncomplete:
            "The partition of the state topic lacks its first record: the topic was deleted and created again while workers ran, or its records were deleted. Jobs that were in flight may be lost."
        case .stateRefused: "The state topic does not accept the smallest record of a job."
        }
    }
}
