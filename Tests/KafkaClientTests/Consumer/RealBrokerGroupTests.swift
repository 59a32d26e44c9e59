import Foundation
import KafkaClient
import Testing
import TestSupport

/// Groups and administration, which the embedded broker has only in part.
@Suite(.enabled(if: RealBroker.isThere, "KAFKA_BOOTSTRAP_SERVERS names no broker")) struct RealBrokerGroupTests {
    @Test func rebalanceWithoutChangesBringsTheNewGeneration() async throws {
        try await TemporaryTopics.with { topics in
            // One partition and two members: its owner keeps it when the other one joins and leaves.
            let jobs = try await topics.create("jobs", partitions: 1)
            let first = RecordingHandler()
            let firstConsumer = try await topics.consumer(first, jobs)
            try await eventually("the assignment") { first.seen.held.count == 1 }
            let generation = try #require(first.seen.metadata?.generation)
            let second = RecordingHandler()
            let secondConsumer = try await topics.consumer(second, jobs)
            try await eventually("the second's empty assignment") { second.seen.requests.count == 1 }
            #expect(second.seen.requests[0].partitions.isEmpty)
            try await eventually("a request at the first") {
                (first.seen.metadata?.generation ?? 0) > generation
            }
            #expect(first.seen.held.count == 1)
            #expect(first.seen.requests.last?.kind == .assign)
            #expect(first.seen.requests.last?.partitions.isEmpty == true)
            let current = try #require(first.seen.metadata?.generation)
            await secondConsumer.close()
            try await eventually("a request after the second left") {
                (first.seen.metadata?.generation ?? 0) > current
            }
            #expect(first.seen.held.count == 1)
            await firstConsumer.close()
        }
    }

    @Test func partitionsMoveUnderLoadWithoutLoss() async throws {
        try await TemporaryTopics.with { topics in
            let jobs = try await topics.create("jobs", partitions: 6)
            let first = RecordingHandler()
            let firstConsumer = try await topics.consumer(first, jobs)
            try await eventually("the assignment") { first.seen.held.count == 6 }
            var handlers: [RecordingHandler] = [first]
            var consumers: [KafkaConsumer] = [firstConsumer]
            var sent: Int64 = 0
            for _ in 0..<3 {
                let handler = RecordingHandler()
                handlers.append(handler)
                consumers.append(try await topics.consumer(handler, jobs))
                try await eventually("all have a share") {
                    for number in Int32(0)..<6 {
                        try await produce(
                            (0..<200).map { "\($0)" },
                            to: KafkaTopicPartition(topic: jobs, partition: number),
                            RealBroker.configuration
                        )
                    }
                    sent += 200
                    return handlers.allSatisfy { !$0.seen.held.isEmpty }
                        && handlers.map(\.seen.held.count).reduce(0, +) == 6
                }
            }
            // No member commits here, so a new owner reads from the start: nothing may be missing.
            try await eventually("all records") {
                Set(handlers.flatMap(\.seen.records)).count >= Int(sent) * 6
            }
            for handler in handlers {
                #expect(handler.seen.strays.isEmpty)
                for partition in Set(handler.seen.records.map(\.topicPartition)) {
                    let offsets = handler.seen.records.filter { $0.topicPartition == partition }.map(\.offset)
                    // A member sees no gap in a partition: each offset follows the one before, or it is 0 again.
                    for (before, after) in zip(offsets, offsets.dropFirst()) {
                        #expect(after == before + 1 || after == 0, "\(partition): \(after) after \(before)")
                    }
                }
            }
            for consumer in consumers { await consumer.close() }
        }
    }

    @Test func closeEndsDuringJoinsAndRebalances() async throws {
        try await TemporaryTopics.with { topics in
            let jobs = try await topics.create("jobs", partitions: 4)
            // Each member meets the group in another state; none may hang or bring the process down.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for member in 0..<8 {
                    group.addTask {
                        for _ in 0..<2 {
                            let handler = RecordingHandler()
                            let consumer = try await topics.consumer(handler, jobs)
                            try await Task.sleep(for: .milliseconds(member * 150))
                            await consumer.close()
                            #expect(handler.seen.held.isEmpty)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let last = RecordingHandler()
            let consumer = try await topics.consumer(last, jobs)
            // No member was left behind in the group for this one to wait for.
            try await eventually("everything for the last one") { last.seen.held.count == 4 }
            await consumer.close()
        }
    }

    @Test func adminCreatesExtendsAndDeletesTopics() async throws {
        try await TemporaryTopics.with { topics in
            let name = try await topics.create("state", partitions: 2, ["cleanup.policy": "compact"])
            let again = try await topics.admin.createTopics([KafkaTopicSpecification(name: name, partitions: 2)])
            #expect(again.first?.error?.code == .topicAlreadyExists)
            #expect(again.first?.error?.fault == .rejected)
            #expect(again.first?.error?.topic == name)
            #expect(try await topics.admin.topic(name)?.partitions.count == 2)
            #expect(try await topics.admin.topic(topics.name("nowhere")) == nil)
            let settings = try await topics.admin.topicConfiguration(name)
            #expect(settings["cleanup.policy"] == "compact")
            #expect(settings["max.message.bytes"] != nil)
            // A client that has read the topic's metadata before, and does not read it again for minutes.
            let reader = try KafkaAdmin(configuration: RealBroker.configuration, logger: quiet)
            try await expectEmpty(KafkaTopicPartition(topic: name, partition: 1), reader)
            try await topics.admin.addPartitions(topic: name, upTo: 5)
            try await eventually("five partitions") {
                try await topics.admin.topic(name)?.partitions.count == 5
            }
            try await expectEmpty(KafkaTopicPartition(topic: name, partition: 4), reader)
            await reader.close()
            let fewer = await #expect(throws: KafkaError.self) {
                try await topics.admin.addPartitions(topic: name, upTo: 3)
            }
            #expect(fewer?.fault == .rejected)
            #expect(try await topics.admin.topics().contains { $0.name == name })
            let deleted = try await topics.admin.deleteTopics([name, topics.name("nowhere")])
            #expect(deleted.first { $0.topic == name }?.error == nil)
            #expect(deleted.first { $0.topic != name }?.error?.code == .unknownTopicOrPartition)
        }
    }

    /// A partition that was just added may not have its leader yet.
    private func expectEmpty(_ partition: KafkaTopicPartition, _ admin: KafkaAdmin) async throws {
        try await eventually("\(partition) has a leader") {
            do throws(KafkaError) {
                #expect(try await admin.watermarks(partition).high == 0)
                return true
            } catch {
                guard error.fault == .retry else { throw error }
                return false
            }
        }
    }

    @Test func adminDescribesGroupsAndTheirCommittedOffsets() async throws {
        try await TemporaryTopics.with { topics in
            let jobs = try await topics.create("jobs", partitions: 2)
            let partitions = [
                KafkaTopicPartition(topic: jobs, partition: 0), KafkaTopicPartition(topic: jobs, partition: 1),
            ]
            try await produce(["a", "b", "c"], to: partitions[0], RealBroker.configuration)
            try await produce(["d"], to: partitions[1], RealBroker.configuration)
            let handler = RecordingHandler()
            let consumer = try await topics.consumer(handler, jobs)
            try await eventually("records") { handler.seen.records.count == 4 }
            try await consumer.commit([KafkaTopicPartitionOffset(partitions[0], offset: 1)])

            let group = topics.groupID
            let description = try await topics.admin.group(group)
            #expect(description.state == "Stable")
            #expect(description.assignor == "cooperative-sticky")
            #expect(description.members.map(\.partitions) == [partitions])
            #expect(description.members.first?.memberID == handler.seen.metadata?.memberID)
            #expect(try await topics.admin.committedOffsets(group: group, partitions: partitions) == [partitions[0]: 1])
            await consumer.close()
            #expect(try await topics.admin.group(group).members.isEmpty)
        }
    }
}
