import KafkaClient
import TestSupport
import Testing

/// The group protocol `consumer` on a real broker, where librdkafka and the broker have it.
@Suite(
    .enabled(if: RealBroker.isThere, "KAFKA_BOOTSTRAP_SERVERS names no broker"),
    .enabled(if: KafkaGroupProtocol.consumer.obstacle == nil, "librdkafka is too old for the group protocol")
)
struct RealBrokerMemberEpochTests {
    /// A member joins that gets no partition: the epoch of the first one changes, and nothing calls its handler.
    @Test func epochChangesWithoutARequestAndFencesWhatWasReadBefore() async throws {
        try await TemporaryTopics.with { topics in
            let jobs = try await topics.create("jobs", partitions: 1)
            let mine = KafkaTopicPartition(topic: jobs, partition: 0)
            let handler = RecordingHandler()
            let consumer = try await topics.consumer(handler, jobs, groupProtocol: .consumer)
            try await eventually("the assignment") { handler.seen.held == [mine] }
            let old = try #require(try await consumer.groupMetadata())
            let requests = handler.seen.requests.count

            let other = RecordingHandler()
            let otherConsumer = try await topics.consumer(other, jobs, groupProtocol: .consumer)
            try await eventually("the other is a member") { !otherConsumer.memberID.isEmpty }
            try await eventually("another epoch") {
                try await consumer.groupMetadata()?.generation ?? 0 > old.generation ?? 0
            }
            #expect(handler.seen.requests.count == requests)
            #expect(other.seen.held.isEmpty)

            let producer = try await topics.producer("p")
            try await producer.begin()
            let error = await #expect(throws: KafkaError.self) {
                try await producer.sendOffsets([KafkaTopicPartitionOffset(mine, offset: 3)], groupMetadata: old)
            }
            #expect(error?.fault == .staleGeneration)
            try await producer.abort()
            let present = try #require(try await consumer.groupMetadata())
            try await producer.begin()
            try await producer.sendOffsets([KafkaTopicPartitionOffset(mine, offset: 3)], groupMetadata: present)
            try await producer.commit()
            #expect(try await consumer.committed([mine])[mine] == 3)
            await producer.close()
            await otherConsumer.close()
            await consumer.close()
        }
    }

    @Test func adminDescribesMembersThatHaveEpochs() async throws {
        try await TemporaryTopics.with { topics in
            let jobs = try await topics.create("jobs", partitions: 2)
            let handler = RecordingHandler()
            let consumer = try await topics.consumer(handler, jobs, ["client.id": "first"], groupProtocol: .consumer)
            try await eventually("the assignment") { handler.seen.held.count == 2 }
            let group = try await topics.admin.group(topics.groupID)
            #expect(group.state == "Stable")
            #expect(group.members.map(\.memberID) == [consumer.memberID])
            #expect(group.members.map(\.clientID) == ["first"])
            #expect(group.members.map { Set($0.partitions) } == [handler.seen.held])
            await consumer.close()
            let empty = try await topics.admin.group(topics.groupID)
            #expect(empty.state == "Empty")
            #expect(empty.members.isEmpty)
        }
    }
}
