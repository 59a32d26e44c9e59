import Primitives
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

    // MARK: Revocations

    @Test func revocationIsCompletedByItsLastRelease() {
        let (assignments, sink) = (Assignments(), RecordingSink())
        let assigned = assignments.assign([3, 4, 5], under: nil, reportingTo: sink)
        let request = revocation()
        #expect(assignments.revoke([3, 4], request, reportingTo: sink))
        #expect(sink.now.revoked == [3, 4])
        #expect(assignments.release(3, assigned[0].epoch) == nil)
        #expect(assignments.release(5, assigned[2].epoch) == nil, "the engine may release what was not revoked")
        #expect(assignments.release(4, assigned[1].epoch) === request)
    }

    @Test func revocationOfWhatTheEngineDoesNotHaveWaitsForNoRelease() {
        let (assignments, sink) = (Assignments(), RecordingSink())
        _ = assignments.assign([3, 4], under: nil, reportingTo: sink)
        _ = assignments.suspend(reportingTo: sink)
        #expect(!assignments.revoke([3, 7], revocation(), reportingTo: sink))
        #expect(sink.now.revoked.isEmpty)
        #expect(assignments.owned == [4])
        #expect(assignments.resume(reportingTo: sink).map(\.partition) == [4])
    }

    @Test func lossEndsTheRevocationThatWaits() {
        let (assignments, sink) = (Assignments(), RecordingSink())
        let assigned = assignments.assign([3, 4], under: nil, reportingTo: sink)
        #expect(assignments.revoke([3, 4], revocation(), reportingTo: sink))
        assignments.lose([3], nil, isExcluded: false, reportingTo: sink)
        #expect(assignments.release(4, assigned[1].epoch) == nil)
        #expect(assignments.owned.isEmpty)
    }

    // MARK: Replacement of the producer

    @Test func lostProducerCompletesTheRevocationAndKeepsTheOtherPartitions() {
        let (assignments, sink) = (Assignments(), RecordingSink())
        let assigned = assignments.assign([3, 4], under: nil, reportingTo: sink)
        let request = revocation()
        #expect(assignments.revoke([3], request, reportingTo: sink))
        let (staying, completed) = assignments.suspend(reportingTo: sink)
        #expect(staying == [4])
        #expect(completed === request)
        #expect(sink.now.lost == [3, 4])
        #expect(assigned.allSatisfy { !assignments.isCurrent($0.partition, $0.epoch) })
        #expect(assignments.release(3, assigned[0].epoch) == nil, "a late release")
        let resumed = assignments.resume(reportingTo: sink)
        #expect(resumed.map(\.partition) == [4])
        #expect(resumed.allSatisfy { $0.epoch > assigned[1].epoch })
    }

    @Test func partitionLostWhileTheProducerIsReplacedDoesNotResume() {
        let (assignments, sink) = (Assignments(), RecordingSink())
        _ = assignments.assign([3, 4], under: nil, reportingTo: sink)
        _ = assignments.suspend(reportingTo: sink)
        assignments.lose([4], nil, isExcluded: true, reportingTo: sink)
        #expect(assignments.resume(reportingTo: sink).map(\.partition) == [3])
    }

    /// The producer is lost again before the first replacement is ready.
    @Test func secondLossOfTheProducerReportsNothingAgain() {
        let (assignments, sink) = (Assignments(), RecordingSink())
        _ = assignments.assign([3], under: nil, reportingTo: sink)
        _ = assignments.suspend(reportingTo: sink)
        let next = assignments.assign([4], under: nil, reportingTo: sink)
        #expect(assignments.suspend(reportingTo: sink).staying == [3, 4])
        #expect(sink.now.lost == [3, 4])
        #expect(next.allSatisfy { !assignments.isCurrent($0.partition, $0.epoch) })
        #expect(assignments.resume(reportingTo: sink).map(\.partition) == [3, 4])
        #expect(assignments.resume(reportingTo: sink).isEmpty)
    }

    @Test func onlyTheCurrentEpochOfAPartitionThatStaysIsRenewed() throws {
        let (assignments, sink) = (Assignments(), RecordingSink())
        let first = try #require(assignments.assign([3], under: nil, reportingTo: sink).first?.epoch)
        let second = try #require(assignments.renew(3, first, reportingTo: sink))
        #expect(sink.now.assigned == [3: second])
        #expect(assignments.renew(3, first, reportingTo: sink) == nil)
        #expect(assignments.revoke([3], revocation(), reportingTo: sink))
        #expect(assignments.renew(3, second, reportingTo: sink) == nil, "it is being revoked")
        _ = assignments.suspend(reportingTo: sink)
        let third = try #require(assignments.assign([3], under: nil, reportingTo: sink).first?.epoch)
        _ = assignments.suspend(reportingTo: sink)
        #expect(assignments.renew(3, third, reportingTo: sink) == nil, "it is suspended")
    }

    // MARK: Delivery

    @Test func deliveryBelongsToTheEpochThatBeganIt() throws {
        let (assignments, sink) = (Assignments(), RecordingSink())
        let first = try #require(assignments.assign([3], under: nil, reportingTo: sink).first?.epoch)
        assignments.sought(3, first)
        #expect(assignments.losesRecords(of: 3))
        #expect(assignments.epoch(ofBegun: 3) == nil)
        #expect(assignments.begin(3, first) == true)
        #expect(!assignments.losesRecords(of: 3))
        #expect(assignments.epoch(ofBegun: 3) == first)
        let second = try #require(assignments.renew(3, first, reportingTo: sink))
        #expect(assignments.epoch(ofBegun: 3) == nil)
        assignments.sought(3, first)
        #expect(!assignments.losesRecords(of: 3), "a late seek of the first epoch")
        #expect(assignments.begin(3, first) == nil)
        assignments.setIntake(isPaused: true)
        #expect(assignments.begin(3, second) == false)
        #expect(assignments.begun.map(\.epoch) == [second])
    }

    @Test func stoppedPartitionStaysAssignedAndDeliversNothing() throws {
        let (assignments, sink) = (Assignments(), RecordingSink())
        let epoch = try #require(assignments.assign([3], under: nil, reportingTo: sink).first?.epoch)
        assignments.reachedEnd(of: 3, at: 6)
        _ = assignments.begin(3, epoch)
        #expect(assignments.begun.map(\.end) == [nil], "the end of what was not begun means nothing")
        assignments.reachedEnd(of: 3, at: 7)
        #expect(assignments.begun.map(\.end) == [7])
        #expect(!assignments.end(3, epoch + 1))
        #expect(assignments.end(3, epoch))
        #expect(assignments.begun.isEmpty)
        #expect(assignments.isCurrent(3, epoch))
        _ = assignments.suspend(reportingTo: sink)
        #expect(assignments.begin(3, epoch) == nil)
    }
}
