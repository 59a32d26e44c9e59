import Dispatch
import EmbeddedKafka
import Testing
import TestSupport

@testable import KafkaClient

/// Brokers without requests about groups, and assignments that other libraries write.
@Suite struct KafkaAdminTests {
    /// The embedded broker knows no request about groups. That must be an error, not the end of the process.
    @Test func brokerThatCannotDescribeGroupsIsAnError() async throws {
        try await withEmbeddedKafka { kafka in
            let admin = try KafkaAdmin(configuration: kafka.configuration(), logger: quiet)
            for _ in 0..<3 {
                let refused = await #expect(throws: KafkaError.self) { try await admin.group("unknown") }
                #expect(refused?.code == .unsupportedFeature)
            }
            await admin.close()
        }
    }

    /// librdkafka 2.0 ignores the time-out of this request once it was sent, and gives up after minutes.
    @Test(.timeLimit(.minutes(10))) func watermarksOfABrokerThatDoesNotAnswerTimeOut() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("jobs", partitions: 1)
            let partition = KafkaTopicPartition(topic: "jobs", partition: 0)
            let admin = try KafkaAdmin(configuration: kafka.configuration(), logger: quiet)
            // The leader is known afterwards.
            #expect(try await admin.watermarks(partition).high == 0)
            try kafka.setRoundTripTime(.seconds(100))
            let silent = await #expect(throws: KafkaError.self) {
                try await admin.watermarks(partition, timeout: .milliseconds(200))
            }
            #expect(silent?.code == .timedOut)
            try kafka.setRoundTripTime(.zero)
            await admin.close()
        }
    }

    @Test func callThatDoesNotEndIsAbandonedAtItsBound() async throws {
        let calls = BlockingCalls(label: "calls")
        let ends = DispatchSemaphore(value: 0)
        let abandoned = await #expect(throws: KafkaError.self) {
            try await calls.run("wait", within: .milliseconds(50)) { () throws(KafkaError) in ends.wait() }
        }
        #expect(abandoned?.code == .timedOut)
        #expect(abandoned?.fault == .retry)
        ends.signal()
        // The thread of the abandoned call has ended: this waits for it.
        calls.close()
        await #expect(throws: KafkaError.self) { try await calls.run("wait") { () throws(KafkaError) in } }
    }

    /// The code of newer librdkafka for a broker that leaves the cluster's list while it is asked.
    @Test func brokerThatLeavesTheClusterIsATransientError() {
        #expect(KafkaErrorCode(rawValue: -137).fault == .retry)
    }

    @Test func committedOffsetsAreReadWithoutJoiningTheGroup() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("jobs", partitions: 2)
            let partitions = (0..<2).map { KafkaTopicPartition(topic: "jobs", partition: Int32($0)) }
            let handler = RecordingHandler()
            let consumer = try KafkaConsumer(
                configuration: kafka.configuration(),
                groupID: "readers",
                handler: handler,
                logger: quiet
            )
            try await consumer.subscribe(["jobs"])
            try await eventually("the assignment") { handler.seen.held.count == 2 }
            try await consumer.commit([KafkaTopicPartitionOffset(partitions[1], offset: 0)])
            let admin = try KafkaAdmin(configuration: kafka.configuration(), logger: quiet)
            let committed = try await admin.committedOffsets(group: "readers", partitions: partitions)
            #expect(committed == [partitions[1]: 0])
            #expect(try await admin.committedOffsets(group: "others", partitions: partitions) == [:])
            #expect(handler.seen.held.count == 2)
            await admin.close()
            await consumer.close()
        }
    }

    @Test func memberAssignmentIsParsed() {
        #expect(partitions([0, 3, 0, 0, 0, 1, 0, 1, 0x6A, 0, 0, 0, 2, 0, 0, 0, 7, 0, 0, 0, 1]) == ["j [1]", "j [7]"])
        #expect(partitions([]) == [])
    }

    /// Members with other libraries may write any bytes.
    @Test func assignmentWithWrongCountsOrLengthsIsSafe() {
        let whole: [UInt8] = [0, 0, 0, 0, 0, 1, 0, 1, 0x6A, 0, 0, 0, 2, 0, 0, 0, 7, 0, 0, 0, 1]
        // The first partition is complete with byte 17.
        for length in 0..<whole.count {
            #expect(partitions(Array(whole.prefix(length))) == (length < 17 ? [] : ["j [7]"]))
        }
        #expect(partitions([0, 0, 0x7F, 0xFF, 0xFF, 0xFF]) == [])
        #expect(partitions([0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 1, 0x6A]) == [])
        #expect(partitions([0, 0, 0, 0, 0, 1, 0xFF, 0xFF, 0x6A, 0, 0, 0, 1, 0, 0, 0, 7]) == [])
        #expect(partitions([0, 0, 0, 0, 0, 1, 0, 1, 0x6A, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 7]) == ["j [7]"])
    }

    private func partitions(_ bytes: [UInt8]) -> [String] {
        bytes.withUnsafeBytes { KafkaMemberAssignment.partitions(in: $0) }.map { "\($0.topic) [\($0.partition)]" }
    }
}
