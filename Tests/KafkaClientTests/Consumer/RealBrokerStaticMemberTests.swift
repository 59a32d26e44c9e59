import KafkaClient
import Testing
import TestSupport

/// Static membership, which the embedded broker does not have.
@Suite(.enabled(if: RealBroker.isThere, "KAFKA_BOOTSTRAP_SERVERS names no broker")) struct RealBrokerStaticMemberTests {
    @Test func restartedStaticMemberKeepsItsPartitionsWithoutARebalance() async throws {
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
            // A static member does not leave the group when it closes: its membership ends with its session.
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

    /// The first member "dies" while it is to release partitions: no member owns them until one joins again.
    @Test func rejoinAssignsPartitionsThatAnUnfinishedMoveLeftWithoutAnOwner() async throws {
        try await TemporaryTopics.with { topics in
            let jobs = try await topics.create("jobs", partitions: 4)
            let dying = RecordingHandler { if $0.kind == .assign { $0.complete() } }
            let dyingConsumer = try await topics.consumer(dying, jobs, ["group.instance.id": "first"])
            try await eventually("everything for the first") { dying.seen.held.count == 4 }
            let second = RecordingHandler()
            let secondConsumer = try await topics.consumer(second, jobs, ["group.instance.id": "second"])
            try await eventually("a revocation at the first") {
                dying.seen.requests.contains { $0.kind == .revoke }
            }
            try await eventually("an empty assignment for the second") { !second.seen.requests.isEmpty }
            let again = RecordingHandler()
            let againConsumer = try await topics.consumer(again, jobs, ["group.instance.id": "first"])
            try await eventually("what is left to the first") { again.seen.held.count == 2 }
            // The second one may be joining again.
            try await eventually("a stable group with two partitions") {
                let group = try await topics.admin.group(topics.groupID)
                return group.state == "Stable" && group.members.flatMap(\.partitions).count == 2
            }
            #expect(second.seen.held.isEmpty)

            try await secondConsumer.rejoin([jobs])
            try await eventually("a share for each") { second.seen.held.count == 2 && again.seen.held.count == 2 }
            #expect(second.seen.held.isDisjoint(with: again.seen.held))
            dying.seen.requests.last?.complete()
            await dyingConsumer.close()
            await secondConsumer.close()
            await againConsumer.close()
        }
    }

    @Test func staticMemberIsFencedByAnotherOfItsName() async throws {
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
