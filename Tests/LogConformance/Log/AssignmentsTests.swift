import Testing
import WorkerRuntime

@testable import KafkaClient
@testable import WorkerKafka

@Suite struct AssignmentsTests {
    private func revocation() -> KafkaRebalanceRequest {
        KafkaRebalanceRequest(
            kind: .revoke,
            rebalanceProtocol: .cooperative,
            partitions: [KafkaTopicPartition(topic: "jobs", partition: 3)],
            groupMetadata: nil,
            condition: MonotonicCondition()
        )
    }

    /// The engine may release a partition after its rebalance has ended and the partition is this worker's again.
    @Test func releaseOfAnEarlierEpochChangesNothingOfTheLaterAssignment() throws {
        let (assignments, sink) = (Assignments(), RecordingSink())
        let first = try #require(assignments.assign([3], under: nil, reportingTo: sink).first?.epoch)
        #expect(assignments.revoke([3], revocation(), reportingTo: sink))
        // The membership ended before the engine had released the partition.
        assignments.lose([3], nil, isExcluded: true, reportingTo: sink)
        let second = try #require(assignments.assign([3], under: nil, reportingTo: sink).first?.epoch)
        #expect(assignments.release(3, first) == nil)
        #expect(assignments.isCurrent(3, second))
        let request = revocation()
        #expect(assignments.revoke([3], request, reportingTo: sink))
        #expect(
            assignments.release(3, first) == nil,
            "a release of the first assignment does not complete this revocation"
        )
        #expect(assignments.release(3, second) === request)
        #expect(assignments.owned.isEmpty)
    }

    /// Another worker may have owned the partitions that stay, so their state must come from the log again.
    @Test func interruptedPartitionsAreLostAndAssignedUnderNewEpochs() {
        let (assignments, sink) = (Assignments(), RecordingSink())
        let before = assignments.assign([3, 4], under: nil, reportingTo: sink)
        let after = assignments.assign([5], interrupted: [4, 3], under: nil, reportingTo: sink)
        #expect(after.map(\.partition) == [5, 3, 4])
        #expect(before.allSatisfy { !assignments.isCurrent($0.partition, $0.epoch) })
        #expect(after.allSatisfy { assignments.isCurrent($0.partition, $0.epoch) })
        #expect(sink.now.assigned == Dictionary(uniqueKeysWithValues: after.map { ($0.partition, $0.epoch) }))
    }

    @Test func interruptedPartitionsStaySuspendedUntilTheProducerIsReplaced() {
        let (assignments, sink) = (Assignments(), RecordingSink())
        _ = assignments.assign([3, 4], under: nil, reportingTo: sink)
        #expect(assignments.suspend(reportingTo: sink).staying == [3, 4])
        #expect(assignments.assign([], interrupted: [3, 4], under: nil, reportingTo: sink).isEmpty)
        #expect(sink.now.lost == [3, 4])
        #expect(assignments.resume(reportingTo: sink).map(\.partition) == [3, 4])
    }
}
