import KafkaClient
import Testing

/// Static membership, which the embedded broker does not have.
@Suite(.enabled(if: RealBroker.isThere)) struct RealBrokerStaticMemberTests {
    @Test func comesBackToItsPartitionsWithoutDisturbingOthers() async throws {
        try await TemporaryTopics.with { topics in
            let jobs = try await topics.create("jobs", partitions: 4)
            let other = RecordingHandler()
            let otherConsumer = try await topics.consumer(other, jobs, ["group.instance.id": "other"])
            let before = RecordingHandler()
            let beforeConsumer = try await topics.consumer(before, jobs, ["group.instance.id": "mine"])
            try await eventually("a share for each, in one generation") {
                before.seen.held.count == 2 && other.seen.held.count == 2
                    && before.seen.metadata?.generation == other.seen.metadata?.generation
            }
            let mine = before.seen.held
            let generation = try #require(other.seen.metadata?.generation)
            // A static member does not leave the group when it closes; its session is what ends its membership.
            await beforeConsumer.close()
            let after = RecordingHandler()
            let afterConsumer = try await topics.consumer(after, jobs, ["group.instance.id": "mine"])
            try await eventually("the same share again") { after.seen.held == mine }
            #expect(other.seen.metadata?.generation == generation)
            #expect(other.seen.held.count == 2)
            await afterConsumer.close()
            await otherConsumer.close()
        }
    }

    @Test func isFencedByAnotherOfItsName() async throws {
        try await TemporaryTopics.with { topics in
            let jobs = try await topics.create("jobs", partitions: 2)
            let first = RecordingHandler()
            let firstConsumer = try await topics.consumer(first, jobs, ["group.instance.id": "mine"])
            try await eventually("the assignment") { first.seen.held.count == 2 }
            let second = RecordingHandler()
            let secondConsumer = try await topics.consumer(second, jobs, ["group.instance.id": "mine"])
            try await eventually("the same assignment") { second.seen.held.count == 2 }
            try await eventually("the first one's end") {
                first.seen.errors.contains { $0.code == .fencedInstanceID && $0.fault == .fenced }
            }
            await firstConsumer.close()
            #expect(second.seen.held.count == 2)
            await secondConsumer.close()
        }
    }
}
