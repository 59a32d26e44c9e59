import CRDKafka
import Foundation
import KafkaClient
import Logging
import Synchronization

/// Consumption of the same records as a group's only member: through KafkaClient, and by a plain loop over librdkafka's
/// `rd_kafka_consume_batch_queue`. Both take turns in one run, on one machine with one broker.
struct Consumption {
    var address: String
    var topic: String
    var records: Int
    private let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }

    init(address: String, topic: String, records: Int) {
        self.address = address
        self.topic = topic
        self.records = records
    }

    struct Result: Encodable {
        var records: Int
        var recordBytes = Consumption.recordBytes
        /// Records a second, the median of the rounds.
        var client: Double
        var plain: Double
        /// Microseconds of CPU a record, all threads, the median of the rounds.
        var clientCPU: Double
        var plainCPU: Double
    }

    private struct Round {
        var perSecond: Double
        var cpuMicroseconds: Double
    }

    static let recordBytes = 200
    static var libraryVersion: String { rd_kafka_version_str().map { String(cString: $0) } ?? "" }

    func measure(rounds: Int) async throws -> Result {
        try await produce()
        var client: [Round] = []
        var plain: [Round] = []
        for _ in 0..<max(1, rounds) {
            plain.append(try plainRound())
            client.append(try await clientRound())
        }
        return Result(
            records: records,
            client: median(client.map(\.perSecond)),
            plain: median(plain.map(\.perSecond)),
            clientCPU: median(client.map(\.cpuMicroseconds)),
            plainCPU: median(plain.map(\.cpuMicroseconds))
        )
    }

    private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

    private func produce() async throws {
        let configuration = KafkaConfiguration(
            bootstrapServers: address,
            properties: ["linger.ms": "20", "batch.num.messages": "10000"]
        )
        let producer = try KafkaProducer(configuration: configuration, logger: logger)
        let payload = [UInt8](repeating: 120, count: Self.recordBytes)
        let (count, topic) = (records, topic)
        try await producer.run { producer throws(KafkaError) in
            for number in 0..<count {
                let key = Array(String(number).utf8)
                try producer.produce(KafkaProducerRecord(topic: topic, key: key, value: payload))
            }
            guard let failure = try producer.flush(timeout: .seconds(120)).first else { return }
            throw failure.error
        }
        await producer.close()
    }

    func deleteTopics(prefix: String) async throws {
        let admin = try KafkaAdmin(configuration: KafkaConfiguration(bootstrapServers: address), logger: logger)
        let names = try await admin.topics().map(\.name).filter { $0.hasPrefix(prefix) }
        if !names.isEmpty { _ = try await admin.deleteTopics(names) }
        await admin.close()
    }

    // MARK: KafkaClient

    /// Counts records and reads each value, as a consumer would.
    private final class Counter: KafkaConsumerHandler {
        struct State {
            var count = 0
            var bytes = 0
            var begin: ContinuousClock.Instant?
            var cpu = 0.0
            var end: CheckedContinuation<Round, Never>?
        }

        let state = Mutex(State())
        let wanted: Int

        init(wanted: Int) { self.wanted = wanted }

        func consumer(_ consumer: KafkaConsumer, received batch: KafkaRecordBatch) {
            state.withLock { state in
                if state.begin == nil { (state.begin, state.cpu) = (.now, Measure.cpuSeconds) }
                for record in batch { state.bytes += record.valueCount }
                state.count += batch.count
                guard state.count >= wanted, let begin = state.begin else { return }
                state.end?.resume(returning: Consumption.round(state.count, begin, state.cpu))
                state.end = nil
            }
        }

        func consumer(_ consumer: KafkaConsumer, rebalances request: KafkaRebalanceRequest) { request.complete() }
    }

    private func clientRound() async throws -> Round {
        let counter = Counter(wanted: records)
        let consumer = try KafkaConsumer(
            configuration: KafkaConfiguration(bootstrapServers: address),
            groupID: "bench-\(UUID().uuidString)",
            handler: counter,
            logger: logger
        )
        try await consumer.subscribe([topic])
        let round = await withCheckedContinuation { continuation in
            counter.state.withLock { $0.end = continuation }
        }
        await consumer.close()
        return round
    }

    private static func round(_ count: Int, _ begin: ContinuousClock.Instant, _ cpu: Double) -> Round {
        Round(
            perSecond: Double(count) / (ContinuousClock.now - begin).inSeconds,
            cpuMicroseconds: (Measure.cpuSeconds - cpu) * 1e6 / Double(count)
        )
    }

    // MARK: The plain loop

    private func plainRound() throws -> Round {
        let client = try plainClient()
        defer {
            rd_kafka_consumer_close(client)
            rd_kafka_destroy(client)
        }
        let queue = rd_kafka_queue_get_consumer(client)
        defer { rd_kafka_queue_destroy(queue) }
        let buffer = UnsafeMutableBufferPointer<UnsafeMutablePointer<rd_kafka_message_t>?>.allocate(capacity: 1_000)
        buffer.initialize(repeating: nil)
        defer { buffer.deallocate() }
        var (count, bytes) = (0, 0)
        var begin: ContinuousClock.Instant?
        var cpu = 0.0
        while count < records {
            // The first call waits for one record, the second reads the available ones: a call returns when the array is
            // full or the time is over.
            var received = rd_kafka_consume_batch_queue(queue, 100, buffer.baseAddress, 1)
            if received == 1 {
                received += max(0, rd_kafka_consume_batch_queue(queue, 0, buffer.baseAddress?.advanced(by: 1), 999))
            }
            if received > 0, begin == nil { (begin, cpu) = (.now, Measure.cpuSeconds) }
            for case let message? in buffer.prefix(max(0, received)) {
                if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR {
                    bytes += message.pointee.len
                    count += 1
                }
                rd_kafka_message_destroy(message)
            }
        }
        return Self.round(count, begin ?? .now, cpu)
    }

    private func plainClient() throws -> OpaquePointer {
        let configuration = rd_kafka_conf_new()
        let properties = [
            "bootstrap.servers": address, "group.id": "bench-\(UUID().uuidString)", "auto.offset.reset": "earliest",
            "enable.auto.commit": "false", "enable.auto.offset.store": "false",
        ]
        for (name, value) in properties { rd_kafka_conf_set(configuration, name, value, nil, 0) }
        guard let client = rd_kafka_new(RD_KAFKA_CONSUMER, configuration, nil, 0) else { throw NoClient() }
        rd_kafka_poll_set_consumer(client)
        let topics = rd_kafka_topic_partition_list_new(1)
        defer { rd_kafka_topic_partition_list_destroy(topics) }
        rd_kafka_topic_partition_list_add(topics, topic, -1)
        guard rd_kafka_subscribe(client, topics) == RD_KAFKA_RESP_ERR_NO_ERROR else { throw NoClient() }
        return client
    }

    private struct NoClient: Error {}
}
