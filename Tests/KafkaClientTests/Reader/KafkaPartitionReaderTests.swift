import EmbeddedKafka
import Foundation
import KafkaClient
import Synchronization
import Testing
import TestSupport

@Suite struct KafkaPartitionReaderTests {
    private func partition(_ number: Int32) -> KafkaTopicPartition {
        KafkaTopicPartition(topic: "state", partition: number)
    }

    @Test func emptyPartitionHasNoRecords() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("state", partitions: 1)
            #expect(try await values(of: partition(0), kafka.configuration()).isEmpty)

            // Asked for the end all the same, it finds it at once.
            let reader = try KafkaPartitionReader(configuration: kafka.configuration(), logger: quiet)
            let cursor = try await reader.open([partition(0): .beginning])
            try await eventually("end of an empty partition") {
                let batch = try await cursor.next(waiting: .milliseconds(50))
                #expect(batch == nil)
                return cursor.isAtEnd(of: partition(0))
            }
            #expect(cursor.position(of: partition(0)) == 0)
            await reader.close()
        }
    }

    @Test func readStopsAtTheGivenEnd() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("state", partitions: 1)
            try await produce((0..<100).map { "\($0)" }, to: partition(0), kafka.configuration())
            let reader = try KafkaPartitionReader(configuration: kafka.configuration(), logger: quiet)
            let seen = Mutex<[Int64]>([])
            let position = try await reader.read(partition(0), from: .offset(10), to: 42, maxBatchCount: 7) { records in
                seen.withLock { $0 += records.map(\.offset) }
            }
            #expect(seen.withLock { $0 } == Array(10..<42))
            #expect(position >= 42)
            await reader.close()
        }
    }

    @Test func cursorReadsSeveralPartitionsTogether() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("state", partitions: 3)
            for number in Int32(0)..<3 {
                let names = (0..<200).map { "\(number)-\($0)" }
                try await produce(names, to: partition(number), kafka.configuration())
            }
            let reader = try KafkaPartitionReader(configuration: kafka.configuration(), logger: quiet)
            let counts = try await withThrowingTaskGroup(of: (Int32, [String]).self) { group in
                for number in Int32(0)..<3 {
                    group.addTask {
                        let seen = Mutex<[String]>([])
                        try await reader.read(partition(number), to: 200) { records in
                            let names = records.map { String(decoding: $0.value ?? [], as: UTF8.self) }
                            seen.withLock { $0 += names }
                        }
                        return (number, seen.withLock { $0 })
                    }
                }
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            for number in Int32(0)..<3 {
                #expect(counts[number] == (0..<200).map { "\(number)-\($0)" })
            }
            await reader.close()
        }
    }

    @Test func cursorFollowsRecordsThatAreWrittenLater() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("state", partitions: 2)
            let reader = try KafkaPartitionReader(configuration: kafka.configuration(), logger: quiet)
            try await produce(["old"], to: partition(0), kafka.configuration())
            let cursor = try await reader.open([partition(0): .beginning, partition(1): .beginning])
            var seen: Set<String> = []
            try await eventually("what was there") {
                if let batch = try await cursor.next(waiting: .milliseconds(50)) {
                    for record in batch { seen.insert(String(decoding: record.value ?? [], as: UTF8.self)) }
                }
                return seen == ["old"] && cursor.isAtEnd(of: partition(0)) && cursor.isAtEnd(of: partition(1))
            }
            try await produce(["new"], to: partition(1), kafka.configuration())
            try await eventually("what came later") {
                if let batch = try await cursor.next(waiting: .milliseconds(50)) {
                    for record in batch { seen.insert(String(decoding: record.value ?? [], as: UTF8.self)) }
                }
                return seen == ["old", "new"]
            }
            #expect(cursor.positions == [partition(0): 1, partition(1): 1])
            await reader.close()
            let late = await #expect(throws: KafkaError.self) { _ = try await cursor.next() }
            #expect(late?.fault == .closed)
        }
    }

    @Test func readFailsWhenItMakesNoProgress() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("state", partitions: 1)
            try await produce(["only"], to: partition(0), kafka.configuration())
            let reader = try KafkaPartitionReader(configuration: kafka.configuration(), logger: quiet)
            let error = await #expect(throws: KafkaError.self) {
                try await reader.read(partition(0), to: 5, stallTimeout: .milliseconds(300)) { _ in }
            }
            #expect(error?.fault == .retry)
            #expect(error?.partition == 0)
            await reader.close()
        }
    }

    @Test func batchStaysValidUntilItIsReleased() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("state", partitions: 1)
            try await produce(["kept"], to: partition(0), kafka.configuration())
            let reader = try KafkaPartitionReader(configuration: kafka.configuration(), logger: quiet)
            let cursor = try await reader.open([partition(0): .beginning])
            var held: KafkaRecord?
            try await eventually("a record") {
                held = try await cursor.next()?.first
                return held != nil
            }
            await reader.close(cursor)
            #expect(held?.value == Array("kept".utf8))
            held = nil
            await reader.close()
        }
    }
}
