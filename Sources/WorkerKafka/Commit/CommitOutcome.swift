import KafkaClient

/// The outcome of a commit, from a `Committer` to `KafkaLog`. A `cause` is one of few names, for metrics; a reason is for
/// people.
enum CommitOutcome: Sendable {
    /// It is stored completely.
    case committed
    /// No part of it is stored, or it may be stored again without harm.
    case aborted(reason: String, cause: String)
    /// No part of it that counts is stored, because the topics refuse these outputs. None is named when the topics take the
    /// records one by one and refuse them only together.
    case refused(outputs: [Int], reason: String, cause: String)
    /// It may be stored or not, and the producer is unusable.
    case unresolved(reason: String, cause: String)
}

extension CommitOutcome {
    /// The producer did not know a partition; it has read its topics' metadata since.
    static func oldMetadata(_ error: KafkaError) -> CommitOutcome {
        .aborted(
            reason:
                "the producer did not know all partitions of \(error.topic ?? "its topics") yet and has asked for them",
            cause: error.code.name
        )
    }

    static func aborted(_ error: KafkaError) -> CommitOutcome {
        .aborted(reason: error.description, cause: error.code.name)
    }

    static func refused(_ tags: Set<UInt>, _ error: KafkaError) -> CommitOutcome {
        let names = tags.isEmpty ? "records together" : "\(tags.count) record(s)"
        return .refused(
            outputs: tags.map { Int($0) }.sorted(),
            reason: "the brokers refuse \(names): \(error)",
            cause: error.code.name
        )
    }

    static func unresolved(_ error: KafkaError) -> CommitOutcome {
        .unresolved(reason: error.description, cause: error.code.name)
    }
}
