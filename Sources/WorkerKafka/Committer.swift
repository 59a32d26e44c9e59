import KafkaClient
import WorkerRuntime

/// What became of a commit. A `cause` is one of few names, for metrics; a reason is for people.
enum CommitOutcome: Sendable {
    /// It is stored, wholly.
    case committed
    /// No part of it is stored, or it may be stored again without harm.
    case aborted(reason: String, cause: String)
    /// It may be stored or not; the producer is of no use any more.
    case unresolved(reason: String, cause: String)
}

extension CommitOutcome {
    static func aborted(_ error: KafkaError) -> CommitOutcome {
        .aborted(reason: error.description, cause: error.code.name)
    }

    static func unresolved(_ error: KafkaError) -> CommitOutcome {
        .unresolved(reason: error.description, cause: error.code.name)
    }
}

/// Stores commits, in one of the two delivery modes.
protocol Committer: Sendable {
    /// Makes ready to commit; tries until the brokers answer.
    func prepare() async
    /// Stores a commit.
    func commit(_ commit: LogCommit, consumer: KafkaConsumer, metadata: KafkaGroupMetadata) async -> CommitOutcome
    /// Makes a new producer. Returns why that is of no use, if it is not.
    func rebuild() async -> String?
    /// Gives everything back.
    func close() async
}

extension LogCommit {
    func offsets(in topic: String) -> [KafkaTopicPartitionOffset] {
        positions.map { KafkaTopicPartitionOffset(topic: topic, partition: $0.partition, offset: $0.offset) }
    }

    func records(_ topics: KafkaTopicNames) -> [KafkaProducerRecord] {
        outputs.enumerated().map { index, output in
            KafkaProducerRecord(
                topic: topics.name(of: output.topic),
                partition: output.partition,
                key: output.key,
                value: output.value,
                headers: output.headers.map { KafkaHeader($0.name, $0.value) },
                tag: UInt(index)
            )
        }
    }

    /// The same commit with dead letters that the broker finds too large cut down to their headers, which name
    /// where the original is; `nil` when something else was too large.
    func withoutBodies(ofDeadLetters tags: [UInt]) -> LogCommit? {
        guard !tags.isEmpty else { return nil }
        var smaller = self
        for tag in tags {
            let index = Int(tag)
            guard smaller.outputs.indices.contains(index), smaller.outputs[index].topic == .deadLetter,
                smaller.outputs[index].value != nil
            else { return nil }
            let size = smaller.outputs[index].value?.count ?? 0
            smaller.outputs[index].value = nil
            smaller.outputs[index].headers.removeAll { !$0.name.hasPrefix("__dlq.") }
            let notice =
                "The original value (\(size) bytes) is too large for this topic; read it at the offset given, or raise max.message.bytes of the dead-letter topic"
            smaller.outputs[index].headers.append(
                LogHeader(name: "__dlq.errors.value.omitted", value: Array(notice.utf8))
            )
        }
        return smaller
    }
}
