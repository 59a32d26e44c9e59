import CRDKafka
import EmbeddedKafka
import Foundation
import KafkaClient
import Logging
import Synchronization

/// Compares consumption through `KafkaConsumer`'s batches with a plain loop over `rd_kafka_consume_batch_queue`, both
/// from the embedded broker. Prints a table with the ratio.
///
/// The embedded broker keeps 5 MiB of a partition, so the records are spread over many.
@main
struct KafkaThroughput {
    static let topic = "throughput"
    static let partitions = 50
    static let perPartition = 20_000
    static let valueSize = 200
    static let total = partitions * perPartition
    static let rounds = 5

    static func main() async throws {
        let kafka = try EmbeddedKafka()
        defer { kafka.close() }
        try kafka.createTopic(topic, partitions: partitions)
        try await fill(kafka)

        var plain: [Measurement] = []
        var client: [Measurement] = []
        for round in 1...rounds {
            // Alternating, so that whatever else the machine does meets both.
            plain.append(await onThread { plainLoop(kafka.bootstrapServers) })
            client.append(try await clientLoop(kafka, group: "round-\(round)"))
        }
        print("\(total) records of \(valueSize) bytes, \(partitions) partitions")
        report("million records a second", plain.map(\.rate), client.map(\.rate), format: "%7.2f")
        // Both figures hold the embedded broker's share, which is the same for both.
        report(
            "processor seconds of the process for a million records",
            plain.map(\.processorTime),
            client.map(\.processorTime),
            format: "%7.3f"
        )
    }

    static func report(_ title: String, _ plain: [Double], _ client: [Double], format: String) {
        print(title)
        for (name, values) in [("rd_kafka_consume_batch_queue", plain), ("KafkaConsumer", client)] {
            let cells = values.map { String(format: format, $0) }.joined()
            let label = name.padding(toLength: 30, withPad: " ", startingAt: 0)
            print("  " + label + cells + "   median" + String(format: format, median(values)))
        }
        print(String(format: "  ratio of the medians: %.2f", median(client) / median(plain)))
    }

    static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

    static func fill(_ kafka: EmbeddedKafka) async throws {
        let producer = try KafkaProducer(configuration: configuration(kafka), logger: quiet)
        let value = [UInt8](repeating: 0x78, count: valueSize)
        try await producer.run { producer throws(KafkaError) in
            for index in 0..<total {
                try producer.produce(
                    KafkaProducerRecord(topic: topic, partition: Int32(index % partitions), value: value)
                )
            }
        }
        let failures = try await producer.flush()
        precondition(failures.isEmpty, "the embedded broker refused records")
        await producer.close()
    }

    static func configuration(_ kafka: EmbeddedKafka) -> KafkaConfiguration {
        KafkaConfiguration(bootstrapServers: kafka.bootstrapServers)
    }

    static let quiet = Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() }

    static func onThread<R: Sendable>(_ body: @escaping @Sendable () -> R) async -> R {
        await withCheckedContinuation { continuation in
            Thread { continuation.resume(returning: body()) }.start()
        }
    }
}

/// One run through all records.
struct Measurement: Sendable {
    /// Million records a second.
    var rate = 0.0
    /// Seconds of processor time for a million records.
    var processorTime = 0.0
}

/// Counts records and their bytes, and times them from the first to the last.
final class Counter: KafkaConsumerHandler {
    private struct State {
        var records = 0
        var bytes = 0
        var first: (ContinuousClock.Instant, clock_t)?
        var last: (ContinuousClock.Instant, clock_t)?
    }

    private let state = Mutex(State())
    private let expected: Int

    init(expected: Int) { self.expected = expected }

    func count(_ records: Int, _ bytes: Int) {
        state.withLock { state in
            if state.first == nil { state.first = (.now, clock()) }
            state.records += records
            state.bytes += bytes
            if state.records >= expected { state.last = (.now, clock()) }
        }
    }

    /// What it cost, once all records have come.
    var measurement: Measurement? {
        state.withLock { state in
            guard let first = state.first, let last = state.last else { return nil }
            let records = Double(state.records)
            return Measurement(
                rate: records / ((last.0 - first.0) / .seconds(1)) / 1e6,
                processorTime: Double(last.1 - first.1) / Double(CLOCKS_PER_SEC) / records * 1e6
            )
        }
    }

    func consumer(_ consumer: KafkaConsumer, received batch: KafkaRecordBatch) {
        var bytes = 0
        for record in batch { bytes += record.withValue { $0?.count ?? 0 } }
        count(batch.count, bytes)
    }

    func consumer(_ consumer: KafkaConsumer, rebalances request: KafkaRebalanceRequest) { request.complete() }
}

extension KafkaThroughput {
    static func clientLoop(_ kafka: EmbeddedKafka, group: String) async throws -> Measurement {
        let counter = Counter(expected: total)
        let consumer = try KafkaConsumer(
            configuration: configuration(kafka),
            groupID: group,
            handler: counter,
            logger: quiet
        )
        try await consumer.subscribe([topic])
        while counter.measurement == nil { try await Task.sleep(for: .milliseconds(20)) }
        await consumer.close()
        return counter.measurement ?? Measurement()
    }

    /// What a C program does: one blocking call for the first record, then all that is there.
    static func plainLoop(_ servers: String) -> Measurement {
        let configuration = rd_kafka_conf_new()
        for (name, value) in [("bootstrap.servers", servers), ("group.id", "plain"), ("enable.auto.commit", "false")] {
            rd_kafka_conf_set(configuration, name, value, nil, 0)
        }
        guard let client = rd_kafka_new(RD_KAFKA_CONSUMER, configuration, nil, 0) else { return Measurement() }
        rd_kafka_poll_set_consumer(client)
        let list = rd_kafka_topic_partition_list_new(Int32(partitions))
        for partition in 0..<Int32(partitions) {
            rd_kafka_topic_partition_list_add(list, topic, partition).pointee.offset = 0
        }
        rd_kafka_assign(client, list)
        rd_kafka_topic_partition_list_destroy(list)
        let queue = rd_kafka_queue_get_consumer(client)
        let buffer = UnsafeMutableBufferPointer<UnsafeMutablePointer<rd_kafka_message_t>?>.allocate(capacity: 1000)
        buffer.initialize(repeating: nil)
        let counter = Counter(expected: total)
        while counter.measurement == nil {
            var count = rd_kafka_consume_batch_queue(queue, 100, buffer.baseAddress, 1)
            if count > 0 { count += rd_kafka_consume_batch_queue(queue, 0, buffer.baseAddress?.advanced(by: 1), 999) }
            var records = 0
            var bytes = 0
            for case let message? in buffer.prefix(max(count, 0)) {
                if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR {
                    records += 1
                    bytes += message.pointee.len
                }
                rd_kafka_message_destroy(message)
            }
            if records > 0 { counter.count(records, bytes) }
        }
        buffer.deallocate()
        rd_kafka_queue_destroy(queue)
        rd_kafka_consumer_close(client)
        rd_kafka_destroy(client)
        return counter.measurement ?? Measurement()
    }
}
