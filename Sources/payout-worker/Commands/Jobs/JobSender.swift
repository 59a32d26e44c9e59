import ExportCore
import ExportRecords
import KafkaClient
import WorkerKafka

/// Writes records to the jobs topic, partitioned as the Java client does.
struct JobSender {
    let access: KafkaAccess

    /// Sends all jobs and waits until they are delivered.
    ///
    /// - Throws: ``CommandFailure`` if some are not delivered.
    func send(_ jobs: [PreparedJob]) async throws {
        // A broker may create topics on request, so a wrong name must not reach it.
        _ = try await access.withAdmin { admin in try await access.topic(access.topics.jobs, admin) }
        try await access.withProducer { producer in
            var failures: [KafkaDeliveryFailure] = []
            let topic = access.topics.jobs
            for start in stride(from: 0, to: jobs.count, by: 10_000) {
                let chunk = jobs[start..<min(start + 10_000, jobs.count)]
                try await producer.run { producer throws(KafkaError) in
                    for (index, job) in zip(chunk.indices, chunk) {
                        try producer.produce(
                            KafkaProducerRecord(job.record, topic: topic, partition: job.partition, tag: UInt(index))
                        )
                    }
                }
            }
            failures += try await producer.flush()
            guard let first = failures.first else { return }
            let ids = failures.prefix(5).compactMap { jobs[Int($0.tag)].id }.joined(separator: ", ")
            throw CommandFailure(
                "Failed to send \(failures.count) of \(jobs.count) jobs (\(ids)\(failures.count > 5 ? ", …" : "")): \(first.error). Send them again with the same ids; no job runs twice.",
                code: first.error.code
            )
        }
    }
}
