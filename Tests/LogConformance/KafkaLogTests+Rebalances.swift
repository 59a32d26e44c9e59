import EmbeddedKafka
import ExportCore
import ExportRecords
import KafkaClient
import Synchronization
import Testing
import TestSupport
import WorkerRuntime

@testable import WorkerKafka

/// Commits and producers at the time of a rebalance.
extension KafkaLogTests {
    private typealias Member = (log: KafkaLog, sink: RecordingSink)

    private func fence(_ partition: Int32, _ epoch: UInt32, _ log: KafkaLog) -> KafkaGroupMetadata? {
        log.assignments.fence(for: [CommitBatch.Position(partition: partition, epoch: epoch, offset: 0)])
    }

    /// A member of two partitions, another one that joined later, and the partition that moves to it.
    private func members(_ setting: Setting) async throws -> (one: Member, other: Member, moving: Int32) {
        let one = try await restored(setting)
        try await eventually("both are restored") { one.sink.now.ready.count == 2 }
        setting.configuration.workerID = "two"
        let other = (log: KafkaLog(setting.configuration, logger: setting.logger), sink: RecordingSink())
        try await other.log.start(other.sink)
        try await eventually("a partition is revoked") { one.sink.now.revoked.count == 1 }
        return (one, other, try #require(one.sink.now.revoked.first))
    }

    @Test func revokedPartitionIsCommittedUntilItsRelease() async throws {
        let setting = try Setting(partitions: 2)
        let (one, other, moving) = try await members(setting)
        let epoch = try #require(one.sink.now.assigned[moving])
        #expect(fence(moving, epoch, one.log) != nil)
        #expect(fence(moving, epoch + 100, one.log) == nil)
        one.log.commit(commit(1, one.sink, partition: moving))
        try await eventually("the last commit") { one.sink.now.committed == [1] }
        #expect(other.sink.now.assigned.isEmpty, "the partition moves after its release")
        one.log.release(partition: moving, epoch: epoch)
        #expect(fence(moving, epoch, one.log) == nil)
        one.log.commit(commit(2, one.sink, partition: moving))
        try await eventually("a commit after the release fails") { one.sink.now.commitFailures[2] != nil }
        try await eventually("the other worker owns it") { other.sink.now.ready[moving] != nil }
        await close(one.log, one.sink)
        await close(other.log, other.sink)
        setting.broker.close()
    }

    /// What is stored is not known, so nothing more is committed, and the partition need not wait for its engine.
    @Test func producerLostDuringARevocationReleasesThePartition() async throws {
        let setting = try Setting(partitions: 2)
        let (one, other, moving) = try await members(setting)
        let epochs = one.sink.now.assigned
        try setting.broker.pushErrors(.endTransaction, [.producerFenced])
        one.log.commit(commit(1, one.sink, partition: moving))
        try await eventually("the other worker owns the partition, which was not released") {
            other.sink.now.ready[moving] != nil
        }
        #expect(one.sink.now.commitFailures[1] != nil)
        let staying = 1 - moving
        try await eventually("the partition that stays is restored under another epoch") {
            guard let next = one.sink.now.assigned[staying], next > epochs[staying] ?? 0 else { return false }
            return one.sink.now.ready[staying]?.epoch == next
        }
        #expect(one.sink.now.assigned[moving] == epochs[moving], "it is not restored here")
        #expect(one.log.assignments.owned == [staying])
        #expect(one.sink.now.failure == nil)
        await close(one.log, one.sink)
        await close(other.log, other.sink)
        setting.broker.close()
    }

    @Test func repeatedFencingsEndTheWorkerWithTheReason() async throws {
        let setting = try Setting()
        let (log, sink) = try await restored(setting)
        var fencings: UInt64 = 0
        // The bound ends a failing test only.
        while sink.now.failure == nil, fencings < 100 {
            let epoch = try #require(sink.now.assigned[0])
            try setting.broker.pushErrors(.endTransaction, [.producerFenced])
            fencings += 1
            log.commit(commit(fencings, sink))
            try await eventually("the commit fails") { sink.now.commitFailures[fencings] != nil }
            try await eventually("the partition is restored, or the worker ends") {
                let next = sink.now.assigned[0] ?? 0
                return sink.now.failure != nil || next > epoch && sink.now.ready[0]?.epoch == next
            }
        }
        #expect(fencings > 3, "a fencing now and again is tolerated")
        #expect(sink.now.failure == .workerIDInUse(workerID: "one", groupID: setting.configuration.groupID))
        #expect(sink.now.committed.isEmpty)
        await close(log, sink)
        setting.broker.close()
    }

    /// Nothing fences the commits of this mode, so each step checks whose partition it is.
    @Test(arguments: 0...2) func commitWithoutTransactionsEndsAtTheStepThatLosesThePartition(steps: Int) async throws {
        let setting = try Setting()
        setting.configuration.delivery = .atLeastOnce
        let (log, sink) = try await restored(setting)
        let topics = setting.configuration.topics
        let checks = Mutex(0)
        let committer = try OffsetCommitter(setting.configuration, log.limits, logger: setting.logger) { _ in
            checks.withLock { checks in
                checks += 1
                return checks <= steps
            }
        }
        var commit = commit(1, sink)
        let state = LogOutput(topic: .state, partition: 0, OutgoingRecord(key: [0x78], value: [0x78]))
        commit.outputs.insert(state, at: 0)
        let parts = try #require(log.present)
        let metadata = try #require(log.assignments.fence(for: commit.positions))
        let outcome = await committer.commit(commit, consumer: parts.consumer, metadata: metadata)
        guard case .aborted(_, "partitionTakenAway") = outcome else {
            Issue.record("\(outcome)")
            return
        }
        let results = try await parts.admin.watermarks(KafkaTopicPartition(topic: topics.results, partition: 0))
        let states = try await parts.admin.watermarks(KafkaTopicPartition(topic: topics.state, partition: 0))
        #expect(results.high == (steps > 0 ? 1 : 0), "events come first")
        #expect(states.high == (steps > 1 ? 1 : 0))
        let jobs = KafkaTopicPartition(topic: topics.jobs, partition: 0)
        #expect(try await parts.consumer.committed([jobs])[jobs] ?? nil == nil)
        await committer.close(within: .seconds(60))
        await close(log, sink)
        setting.broker.close()
    }
}
