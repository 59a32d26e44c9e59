import EmbeddedKafka
import Foundation
import Logging
import Synchronization
import Testing
import TestSupport

@testable import KafkaClient

@Suite struct KafkaConsumerTests {
    private let partitions = [
        KafkaTopicPartition(topic: "jobs", partition: 0), KafkaTopicPartition(topic: "jobs", partition: 1),
    ]

    private func consumer(
        _ kafka: EmbeddedKafka,
        _ handler: RecordingHandler,
        properties: [String: String] = [:],
        options: KafkaConsumer.Options = .init(),
        logger: Logger = quiet
    ) throws -> KafkaConsumer {
        // Shorter than 3.5 s the embedded broker never lets a member join.
        let properties = ["session.timeout.ms": "6000", "heartbeat.interval.ms": "500"].merging(properties) { $1 }
        return try KafkaConsumer(
            configuration: kafka.configuration(properties),
            groupID: "workers",
            options: options,
            handler: handler,
            logger: logger
        )
    }

    @Test func recordsArriveInBatchesAndInOrder() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("jobs", partitions: 2)
            for partition in partitions {
                try await produce((0..<2500).map { "\($0)" }, to: partition, kafka.configuration())
            }
            let handler = RecordingHandler()
            var options = KafkaConsumer.Options()
            options.reportsPartitionEnd = true
            let consumer = try consumer(kafka, handler, options: options)
            try await consumer.subscribe(["jobs"])
            try await eventually("all records") { handler.seen.records.count >= 5000 }
            for partition in partitions {
                let mine = handler.seen.records.filter { $0.topicPartition == partition }
                #expect(mine.map(\.offset) == Array(0..<2500))
            }
            try await eventually("both ends") { handler.seen.ends.count >= 2 }
            #expect(Set(handler.seen.ends) == Set(partitions.map { KafkaTopicPartitionOffset($0, offset: 2500) }))
            #expect(handler.seen.strays.isEmpty)

            let request = try #require(handler.seen.requests.first)
            #expect(request.kind == .assign)
            #expect(request.rebalanceProtocol == .cooperative)
            #expect(request.partitions.sorted() == partitions)
            #expect(request.groupMetadata?.memberID.isEmpty == false)
            #expect((request.groupMetadata?.generation ?? -1) > 0)
            #expect(try await consumer.assignment() == Set(partitions))
            #expect(try await consumer.watermarks(partitions[0]) == KafkaWatermarks(low: 0, high: 2500))
            await consumer.close()
            #expect(handler.seen.requests.last?.kind == .revoke)
        }
    }

    @Test func partitionsThatBeginPausedDeliverNothing() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("jobs", partitions: 2)
            for partition in partitions {
                try await produce((0..<100).map { "\($0)" }, to: partition, kafka.configuration())
            }
            let first = partitions[0]
            let second = partitions[1]
            let handler = RecordingHandler { $0.complete(paused: [first], from: [second: 90]) }
            let consumer = try consumer(kafka, handler)
            try await consumer.subscribe(["jobs"])
            try await eventually("the partition that runs") { handler.seen.records.count >= 10 }
            #expect(handler.seen.records.map(\.topicPartition) == Array(repeating: second, count: 10))
            #expect(handler.seen.records.map(\.offset) == Array(90..<100))

            // As after a restore: begin at another place than the committed one.
            try await consumer.seek(KafkaTopicPartitionOffset(first, offset: 40))
            #expect(handler.seen.records.count == 10)
            try await consumer.resume([first])
            try await eventually("the partition that was paused") { handler.seen.records.count >= 70 }
            #expect(handler.seen.records.filter { $0.topicPartition == first }.map(\.offset) == Array(40..<100))
            await consumer.close()
        }
    }

    /// A partition without a committed offset requests its start offset; the response arrives after the seek.
    @Test func seekHoldsWhenTheStartOffsetArrivesLate() async throws {
        // A slow machine may see the request only after its response: then the test repeats over a slower network.
        var roundTrip: Duration = .milliseconds(800)
        while try await !seekHolds(roundTrip: roundTrip) { roundTrip *= 2 }
    }

    /// - Returns: whether the request was seen before its response.
    private func seekHolds(roundTrip: Duration) async throws -> Bool {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("jobs", partitions: 2)
            let first = partitions[0]
            try await produce((0..<100).map { "\($0)" }, to: first, kafka.configuration())
            let handler = RecordingHandler { $0.complete(paused: [first]) }
            let log = LogCapture()
            let consumer = try consumer(kafka, handler, properties: ["debug": "topic"], logger: log.logger)
            try kafka.setRoundTripTime(roundTrip)
            try await consumer.subscribe(["jobs"])
            var state: String?
            try await eventually("the question where to begin, or its answer") {
                state = log.fetchState(of: first.topic, first.partition)
                return state == "offset-wait" || state == "active"
            }
            guard state == "offset-wait" else {
                await consumer.close()
                return false
            }
            try await consumer.seek(KafkaTopicPartitionOffset(first, offset: 40))
            try kafka.setRoundTripTime(.milliseconds(100))
            try await consumer.resume([first])
            // Each takes a round trip and more; the request is repeated after half a second.
            for round in 0..<5 {
                try await eventually("round \(round)") { handler.seen.records.last?.offset == Int64(99 + round) }
                try await produce(["more"], to: first, kafka.configuration())
            }
            try await eventually("the last") { handler.seen.records.last?.offset == 104 }
            #expect(handler.seen.records.map(\.offset) == Array(40..<105))
            await consumer.close()
            return true
        }
    }

    @Test func pauseAndResumeLeaveNoGapOrRepeat() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("jobs", partitions: 2)
            let first = partitions[0]
            let handler = RecordingHandler()
            let consumer = try consumer(kafka, handler)
            try await consumer.subscribe(["jobs"])
            var expected: [Int64] = []
            for round in 0..<4 {
                try await produce((0..<50).map { "\($0)" }, to: first, kafka.configuration())
                expected = Array(0..<Int64(50 * (round + 1)))
                try await eventually("round \(round)") { handler.seen.records.count >= expected.count }
                // The second call must not rewind the partition.
                try await consumer.pause([first])
                try await consumer.pause([first])
                try await consumer.resume([first])
                try await consumer.resume([first])
            }
            #expect(handler.seen.records.map(\.offset) == expected)
            try await consumer.pause([first])
            try await produce(["held back"], to: first, kafka.configuration())
            try await produce(["marker"], to: partitions[1], kafka.configuration())
            try await eventually("the other partition") { handler.seen.records.last?.value == "marker" }
            #expect(!handler.seen.records.contains { $0.value == "held back" })
            try await consumer.resume([first])
            try await eventually("what was held back") { handler.seen.records.last?.value == "held back" }
            await consumer.close()
        }
    }

    /// librdkafka's thread for the broker may sleep for a second, and resuming does not wake it; seeking does.
    @Test func resumeWakesFetcher() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("jobs", partitions: 2)
            let first = partitions[0]
            try await produce((0..<5).map { "\($0)" }, to: first, kafka.configuration())
            let handler = RecordingHandler()
            let log = LogCapture()
            let consumer = try consumer(kafka, handler, properties: ["debug": "topic"], logger: log.logger)
            try await consumer.subscribe(["jobs"])
            try await eventually("five records") { handler.seen.records.count == 5 }
            try await consumer.pause(partitions)
            try await consumer.resume(partitions)
            try await eventually("a seek to the position") {
                log.lines.contains { $0.contains("Seek jobs [0] to ") && $0.contains("offset 5") }
            }
            await consumer.close()
            // Nothing was delivered of the other one, which may begin at any offset.
            #expect(!log.contains("Seek jobs [1] to "))
        }
    }

    @Test func committedOffsetsAreReadBack() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("jobs", partitions: 2)
            try await produce((0..<20).map { "\($0)" }, to: partitions[0], kafka.configuration())
            let handler = RecordingHandler()
            let first = try consumer(kafka, handler)
            try await first.subscribe(["jobs"])
            try await eventually("records") { handler.seen.records.count == 20 }
            #expect(try await first.committed(partitions)[partitions[0]] == .some(nil))
            try await first.commit([KafkaTopicPartitionOffset(partitions[0], offset: 12)])
            let committed = try await first.committed(partitions)
            #expect(committed[partitions[0]] == 12)
            #expect(committed[partitions[1]] == .some(nil))
            await first.close()

            let later = RecordingHandler()
            let second = try consumer(kafka, later)
            try await second.subscribe(["jobs"])
            try await eventually("the rest") { later.seen.records.count >= 8 }
            #expect(later.seen.records.map(\.offset) == Array(12..<20))
            await second.close()
        }
    }

    @Test func callsForUnassignedPartitionsAreRejected() async throws {
        try await withEmbeddedKafka { kafka in
            let consumer = try consumer(kafka, RecordingHandler())
            let stranger = KafkaTopicPartition(topic: "elsewhere", partition: 3)
            for call in ["pause", "resume", "seek"] {
                let error = await #expect(throws: KafkaError.self) {
                    switch call {
                    case "pause": try await consumer.pause([stranger])
                    case "resume": try await consumer.resume([stranger])
                    default: try await consumer.seek(KafkaTopicPartitionOffset(stranger, offset: 0))
                    }
                }
                #expect(error?.fault == .rejected)
                #expect(error?.topic == "elsewhere" && error?.partition == 3)
                #expect(error?.operation == call)
            }
            await consumer.close()
        }
    }

    @Test func opensAndClosesInLoops() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("jobs", partitions: 2)
            for _ in 0..<20 {
                let consumer = try consumer(kafka, RecordingHandler())
                try await consumer.subscribe(["jobs"])
                _ = try await consumer.watermarks(partitions[0])
                await consumer.close()
                await consumer.close()
                let error = await #expect(throws: KafkaError.self) { try await consumer.subscribe(["jobs"]) }
                #expect(error?.fault == .closed)
                await #expect(throws: KafkaError.self) { _ = try await consumer.watermarks(partitions[0]) }
            }
        }
    }

    /// A member that has joined and was never assigned anything: destroying it would end the process with librdkafka
    /// before 2.3.
    @Test func closeEndsWhileTheGroupKeepsRebalancing() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("jobs", partitions: 2)
            try kafka.pushErrors(.syncGroup, Array(repeating: .rebalanceInProgress, count: 10_000))
            let handler = RecordingHandler()
            let consumer = try consumer(kafka, handler)
            try await consumer.subscribe(["jobs"])
            let client = try #require(consumer.handle)
            try await eventually("the first join") { !client.memberID.isEmpty }
            await consumer.close()
            #expect(handler.seen.requests.allSatisfy { $0.kind != .assign })
        }
    }

    @Test func closeEndsWhileTheBrokerIsUnreachable() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("jobs", partitions: 2)
            let handler = RecordingHandler()
            let consumer = try consumer(kafka, handler)
            try await consumer.subscribe(["jobs"])
            try await eventually("the assignment") { handler.seen.held.count == 2 }
            try kafka.takeDown()
            await consumer.close()
            #expect(handler.seen.held.isEmpty)
            #expect(handler.seen.requests.last?.kind == .revoke)
        }
    }
}
