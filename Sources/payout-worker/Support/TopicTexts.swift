import KafkaClient
import WorkerKafka
import WorkerRuntime

/// What a check found, as sentences.
extension TopicFinding {
    private static let create = "payout-worker topics create"
    private static let recover = "payout-worker topics recover --all --from beginning"

    /// What is wrong. Follows the topic's name.
    var message: String {
        switch fault {
        case .missing: "does not exist"
        case .missingBeside(let other) where role == .jobs:
            "does not exist, and \(other) holds the state of its jobs: jobs that no worker has read are lost with it, and workers stop at a new one until you choose where they continue"
        case .missingBeside(let other):
            "does not exist, and \(other) holds records: if workers have run with it, jobs in flight are not known any more, and workers stop at a new one until you choose where they continue"
        case .truncated(let partitions):
            "has lost its older records in \(partitions.count == 1 ? "partition" : "partitions") \(Self.list(partitions)), by retention or by a command; workers stop there unless it was recovered"
        case .partitions(let count, let jobsTopic, let jobs) where count < jobs:
            "has \(count) partitions and \(jobsTopic) has \(jobs); partition n of one belongs to partition n of the other"
        case .partitions(let count, let jobsTopic, let jobs):
            "has \(count) partitions and \(jobsTopic) only \(jobs); both must have the same number, and Kafka cannot remove partitions"
        case .leaderless(let partitions): "no broker leads partition \(Self.list(partitions)) at present"
        case .copiesBehind(let partition, let inSync, let copies):
            "partition \(partition) has \(inSync) of \(copies) copies in sync"
        case .cleanup(let policies): "has cleanup.policy=\(policies.joined(separator: ","))\(consequence(of: policies))"
        case .tombstoneRetention(let kept):
            "has delete.retention.ms=\(kept), less than an hour: a restore that takes longer would restore forgotten jobs too, so the worker repeats it, and stops the partition if it always takes longer"
        case .inSyncReplicas(let minimum, let copies):
            "has \(copies) copies and min.insync.replicas=\(minimum): "
                + (minimum >= copies
                    ? "it cannot be written while one broker is unavailable"
                    : "what one broker alone acknowledged can be lost with it")
        case .recordBytes(let limit, let largest) where role == .state:
            "accepts records of at most \(limit) bytes; the record of a job can have \(largest), and a job with a larger one ends as tooLarge"
        case .recordBytes(let limit, let largest):
            "accepts records of at most \(limit) bytes; an event can have \(largest), and a larger one loses its metadata or ends its job as tooLarge"
        case .deadLetterBytes(let limit, let jobsTopic, let jobs):
            "accepts records of at most \(limit) bytes, and \(jobsTopic) of at most \(jobs); a dead letter is larger than its record, because it has more headers"
        }
    }

    /// The command that repairs it.
    var remedy: String {
        switch fault {
        case .missing: Self.create
        case .missingBeside: "\(Self.create), then \(Self.recover)"
        case .truncated: "\(Self.recover) --dry-run"
        case .partitions(let count, _, let jobs) where count < jobs: Self.create
        case .partitions(let count, let jobsTopic, _):
            Self.kafkaTopics("--alter --topic \(jobsTopic) --partitions \(count)")
        case .leaderless: Self.kafkaTopics("--describe --unavailable-partitions")
        case .copiesBehind: Self.kafkaTopics("--describe --under-replicated-partitions")
        case .cleanup: alter("cleanup.policy", to: role == .state ? "compact" : "delete")
        case .tombstoneRetention: alter("delete.retention.ms", to: 86_400_000)
        case .inSyncReplicas(let minimum, let copies):
            alter("min.insync.replicas", to: minimum >= copies ? copies - 1 : 2)
        case .recordBytes: alter("max.message.bytes", to: OutputLimits.kafkaDefault)
        case .deadLetterBytes(_, _, let jobs):
            alter("max.message.bytes", to: max(TopicPlan.deadLetterMaxBytes, 2 * jobs))
        }
    }

    private func consequence(of policies: [String]) -> String {
        guard role == .state else { return "; older records of a job id are removed" }
        let loss = policies.contains("delete")
        return " and must have compact alone: "
            + (loss ? "jobs that wait long would be forgotten with their records" : "it would grow without end")
    }

    private func alter(_ setting: String, to value: any CustomStringConvertible) -> String {
        "kafka-configs.sh --bootstrap-server $KAFKA_BOOTSTRAP_SERVERS --alter --entity-type topics --entity-name \(topic) --add-config \(setting)=\(value)"
    }

    private static func kafkaTopics(_ arguments: String) -> String {
        "kafka-topics.sh --bootstrap-server $KAFKA_BOOTSTRAP_SERVERS \(arguments)"
    }

    private static func list(_ partitions: [Int32]) -> String {
        partitions.map(String.init).joined(separator: ", ")
    }
}

extension TopicReport {
    /// What could not be checked, and why.
    var skipped: [String] {
        unreportedSettings.map { ["the topics' settings: the broker does not report them (\($0.name))"] } ?? []
    }
}

extension TopicChange {
    /// What was done and what was not. Follows the topic's name.
    ///
    /// - Parameter jobsTopic: The name of the jobs topic.
    func message(jobsTopic: String) -> String {
        let count = partitions.map { "\($0) partitions" }
        let existence = count.map { "exists with \($0)" } ?? "exists"
        let creation = "created with \(count ?? "its partitions")"
        let recover = "'payout-worker topics recover --all --from beginning'"
        return switch step {
        case .created: creation
        case .createdBeside(.state):
            creation
                + ". The state topic knows an earlier one: workers stop at the new one until \(recover) has them read it from its beginning"
        case .createdBeside:
            creation
                + ". The jobs topic holds records: where workers have read it before, they stop until \(recover) has them read it again"
        case .existed: existence
        case .existedUnlikePlan:
            existence + ", left as it is: another number of partitions would send the ids of known jobs elsewhere"
        case .extended(let before): "had \(before) partitions, has \(partitions ?? 0) now, as many as \(jobsTopic)"
        case .extendedByOther: "has \(count ?? "more partitions"), which were added meanwhile"
        case .leftAlone:
            "left alone: it gets as many partitions as \(jobsTopic), which could not be created"
        case .unsupported(let code):
            "this broker does not create topics on request (\(code.name)); create it by the broker's own means"
        case .refused(let error): error.description
        }
    }
}
