import ExportCore
import ExportRecords
import KafkaClient
import WorkerKafka

/// Writes records to the jobs topic, partitioned as the Java client does.
struct JobSender {
    let access: KafkaAccess

    /// Sends all jobs and waits until they have arrived.
    ///
    /// - Throws: ``CommandFailure`` when some have not.
    func send(_ jobs: [PreparedJob]) async throws {
        // A name that is wrong must not bring a topic into being.
        _ = try await access.withAdmin { admin in try await access.topic(access.topics.jobs, admin) }
        try await access.withProducer { producer in
            var failures: [KafkaDeliveryFailure] = []
            let topic = access.topics.jobs
            for start in stride(from: 0, to: jobs.count, by: 10_000) {
                let chunk = jobs[start..<min(start + 10_000, jobs.count)]
                try await producer.run { producer throws(KafkaError) in
                    for (index, job) in zip(chunk.indices, chunk) {
                        try producer.produce(KafkaProducerRecord(job.record, topic: topic, tag: UInt(index)))
                    }
                }
            }
            failures += try await producer.flush()
            guard let first = failures.first else { return }
            let ids = failures.prefix(5).compactMap { jobs[Int($0.tag)].id }.joined(separator: ", ")
            throw CommandFailure(
                "\(failures.count) of \(jobs.count) jobs were not delivered (\(ids)\(failures.count > 5 ? ", …" : "")): \(first.error). Send them again; the same job id runs once."
            )
        }
    }
}

extension KafkaProducerRecord {
    /// A record as our encoders make it; its key chooses the partition.
    init(_ record: OutgoingRecord, topic: String, tag: UInt = 0) {
        self.init(
            topic: topic,
            key: record.key,
            value: record.value,
            headers: record.headers.map { KafkaHeader($0.name, $0.value) },
            tag: tag
        )
    }
}
