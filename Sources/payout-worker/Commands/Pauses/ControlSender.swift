import ExportRecords
import KafkaClient
import WorkerKafka

/// Writes a command that concerns every partition: one record to each partition of the jobs topic, by number.
struct ControlSender {
    let access: KafkaAccess

    /// Sends the record and waits until it is delivered.
    ///
    /// - Returns: how many partitions the topic has.
    /// - Throws: ``CommandFailure`` that names the partitions that did not get it.
    func send(_ record: OutgoingRecord) async throws -> Int {
        let topic = access.topics.jobs
        let partitions = try await access.withAdmin { admin in
            try await access.topic(topic, admin).partitions.map(\.id)
        }
        let failures = try await access.withProducer { producer in
            try await producer.run { producer throws(KafkaError) in
                for partition in partitions {
                    try producer.produce(
                        KafkaProducerRecord(record, topic: topic, partition: partition, tag: UInt(partition))
                    )
                }
            }
            return try await producer.flush()
        }
        guard let first = failures.first else { return partitions.count }
        let failed = failures.map { "\($0.tag)" }.joined(separator: ", ")
        throw CommandFailure(
            "The command has not reached \(failures.count) of \(partitions.count) partitions of \(topic) (\(failed)): \(first.error). It takes effect in the others. Run it again; a repeated command changes nothing.",
            code: first.error.code
        )
    }
}
