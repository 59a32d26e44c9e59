import EmbeddedKafka
import Foundation
import KafkaClient
import Testing

@Suite struct KafkaRoundTripTests {
    private let partition = KafkaTopicPartition(topic: "round-trip", partition: 1)

    private static let recordsOfEveryForm = [
        KafkaProducerRecord(
            topic: "round-trip",
            partition: 1,
            key: [0, 255, 7],
            value: Array("text".utf8),
            headers: [
                KafkaHeader("a", "one"), KafkaHeader("b", nil), KafkaHeader("a", "zwei"), KafkaHeader("empty", ""),
            ],
            timestamp: 1_700_000_000_123
        ),
        KafkaProducerRecord(topic: "round-trip", partition: 1, key: nil, value: Array("no key".utf8)),
        KafkaProducerRecord(topic: "round-trip", partition: 1, key: Array("gone".utf8), value: nil),
        KafkaProducerRecord(topic: "round-trip", partition: 1, key: [], value: []),
    ]

    @Test func keysValuesHeadersAndTimestampsSurviveARoundTrip() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("round-trip", partitions: 2)
            let sent = Self.recordsOfEveryForm
            let producer = try KafkaProducer(configuration: kafka.configuration(), logger: quiet)
            try await producer.run { producer throws(KafkaError) in
                for record in sent { try producer.produce(record) }
            }
            #expect(try await producer.flush().isEmpty)
            await producer.close()

            let reader = try KafkaPartitionReader(configuration: kafka.configuration(), logger: quiet)
            let cursor = try await reader.open([partition: .beginning])
            var read: [KafkaProducerRecord] = []
            var offsets: [Int64] = []
            while read.count < sent.count {
                guard let batch = try await cursor.next() else { continue }
                for record in batch {
                    #expect(record.topic == "round-trip" && record.partition == 1)
                    #expect(record.isTombstone == (record.value == nil))
                    #expect(record.withValue { $0?.count ?? 0 } == record.valueCount)
                    #expect(record.withKey { $0?.count ?? 0 } == record.keyCount)
                    offsets.append(record.offset)
                    read.append(
                        KafkaProducerRecord(
                            topic: record.topic,
                            partition: record.partition,
                            key: record.key,
                            value: record.value,
                            headers: record.headers,
                            timestamp: record.timestamp
                        )
                    )
                }
            }
            #expect(offsets == [0, 1, 2, 3])
            #expect(read.map(\.key) == sent.map(\.key))
            #expect(read.map(\.value) == sent.map(\.value))
            #expect(read.map(\.headers) == sent.map(\.headers))
            #expect(read[0].timestamp == 1_700_000_000_123)
            #expect(read[0].headers[0].text == "one")
            #expect(cursor.position(of: partition) == 4)
            await reader.close(cursor)
            await reader.close()
        }
    }

    @Test func producerPartitionsKeysAsTheJavaClientDoes() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("keyed", partitions: 7)
            let producer = try KafkaProducer(configuration: kafka.configuration(), logger: quiet)
            let keys = (0..<50).map { "job-\($0)" }
            try await producer.run { producer throws(KafkaError) in
                for key in keys {
                    try producer.produce(
                        KafkaProducerRecord(topic: "keyed", key: Array(key.utf8), value: Array(key.utf8))
                    )
                }
            }
            #expect(try await producer.flush().isEmpty)
            await producer.close()
            for number in Int32(0)..<7 {
                let expected = keys.filter { murmur2Partition(key: $0.utf8, partitionCount: 7) == number }
                let partition = KafkaTopicPartition(topic: "keyed", partition: number)
                #expect(try await values(of: partition, kafka.configuration()) == expected)
            }
        }
    }

    @Test func recordThatIsTooLargeIsRejectedAndNamed() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("small", partitions: 1)
            let producer = try KafkaProducer(
                configuration: kafka.configuration(["message.max.bytes": "2000"]),
                logger: quiet
            )
            let error = await #expect(throws: KafkaError.self) {
                try await producer.produce(
                    KafkaProducerRecord(topic: "small", partition: 0, value: [UInt8](repeating: 1, count: 5000))
                )
            }
            #expect(error?.code == .messageTooLarge)
            #expect(error?.fault == .rejected)
            #expect(error?.topic == "small")
            await producer.close()
        }
    }

    @Test func flushNamesTheRecordsThatWereNotDelivered() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("refused", partitions: 1)
            try kafka.pushErrors(.produce, [.messageTooLarge])
            let producer = try KafkaProducer(configuration: kafka.configuration(), logger: quiet)
            try await producer.produce(KafkaProducerRecord(topic: "refused", partition: 0, value: [1], tag: 77))
            let failures = try await producer.flush()
            #expect(failures.map(\.tag) == [77])
            #expect(failures.first?.error.code == .messageTooLarge)
            #expect(failures.first?.error.fault == .rejected)
            #expect(failures.first?.topicPartition == KafkaTopicPartition(topic: "refused", partition: 0))
            await producer.close()
            let late = await #expect(throws: KafkaError.self) {
                try await producer.produce(KafkaProducerRecord(topic: "refused", value: [1]))
            }
            #expect(late?.fault == .closed)
        }
    }
}
