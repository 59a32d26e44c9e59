import ExportCore
import ExportRecords
import Foundation
import KafkaClient
import Logging

/// Fills a jobs topic and a state topic like a worker that has accepted a number of jobs and waits for their exports. A
/// process that starts afterwards has to restore them.
struct StateFill {
    var address: String
    var jobsTopic: String
    var stateTopic: String
    var jobs: Int
    var partitions: Int

    struct Result: Encodable {
        var jobs: Int
        var stateBytes: Int
        var seconds: Double
    }

    func fill() async throws -> Result {
        let configuration = KafkaConfiguration(
            bootstrapServers: address,
            properties: ["linger.ms": "20", "batch.num.messages": "10000"]
        )
        let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        let producer = try KafkaProducer(configuration: configuration, logger: logger)
        let begin = ContinuousClock.now
        let now = Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
        let fill = self
        let bytes = try await producer.run { producer throws(KafkaError) in
            let codec = StateCodec()
            var bytes = 0
            for number in 0..<fill.jobs {
                let partition = Int32(number % fill.partitions)
                var record = Restore.job(number)
                record.offset = Int64(number / fill.partitions)
                record.times.accepted = now
                record.times.submitted = now
                let job = KafkaProducerRecord(
                    topic: fill.jobsTopic,
                    partition: partition,
                    key: Array(record.job.id.utf8),
                    value: Array(#"{"jobId":"\#(record.job.id)","kind":"transactionHistory"}"#.utf8)
                )
                let encoded = codec.encode(.job(record))
                bytes += (encoded.key?.count ?? 0) + (encoded.value?.count ?? 0)
                try producer.produce(job)
                try producer.produce(
                    KafkaProducerRecord(
                        topic: fill.stateTopic,
                        partition: partition,
                        key: encoded.key,
                        value: encoded.value
                    )
                )
            }
            if let failure = try producer.flush(timeout: .seconds(300)).first { throw failure.error }
            return bytes
        }
        await producer.close()
        return Result(jobs: jobs, stateBytes: bytes, seconds: (ContinuousClock.now - begin).inSeconds)
    }
}
