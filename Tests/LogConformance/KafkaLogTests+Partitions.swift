import EmbeddedKafka
import ExportCore
import KafkaClient
import Synchronization
import Testing
import TestSupport
import WorkerRuntime

@testable import WorkerKafka

/// Partitions that cannot begin, and members whose session expires.
extension KafkaLogTests {
    @Test func partitionThatCannotBeginIsReportedUntilItBegins() async throws {
        let setting = try Setting()
        try await setting.produce(3)
        let (log, sink) = try await restored(setting)
        let epoch = try #require(sink.now.ready[0]?.epoch)
        let jobs = setting.configuration.topics.jobs
        try setting.broker.setLeader(topic: jobs, partition: 0, broker: nil)
        log.begin(partition: 0, epoch: epoch, from: JobsPosition(offset: 0))
        try await eventually("the failure is reported") { sink.now.failingBegins[0] != nil }
        #expect(sink.now.received[0]?.isEmpty ?? true)
        try setting.broker.setLeader(topic: jobs, partition: 0, broker: 1)
        try await eventually("begun") { sink.now.received[0]?.count == 3 && sink.now.failingBegins[0] == nil }
        await close(log, sink)
        setting.broker.close()
    }

    @Test func memberWithoutPartitionsIsNoMemberAfterItsSessionExpired() async throws {
        let setting = try Setting()
        let (one, first) = try await restored(setting)
        #expect(one.isGroupMember)
        setting.configuration.workerID = "two"
        let other = KafkaLog(setting.configuration, logger: setting.logger)
        let second = RecordingSink()
        try await other.start(second)
        try await waitUntilMembers([(one, first), (other, second)])
        try setting.broker.takeDown()
        try await eventually("neither is a member any more") { !one.isGroupMember && !other.isGroupMember }
        try setting.broker.bringUp()
        try await waitUntilMembers([(one, first), (other, second)])
        await close(one, first)
        await close(other, second)
        #expect(!other.isGroupMember)
        setting.broker.close()
    }

    @Test func restoreLongerThanTombstoneRetentionIsRepeated() async throws {
        let setting = try Setting()
        setting.configuration.missingStateInterval = .milliseconds(50)
        let kept = Mutex(Duration.seconds(-1))
        let log = KafkaLog(setting.configuration, logger: setting.logger, tombstones: { kept.withLock { $0 } })
        let sink = RecordingSink()
        try await log.start(sink)
        try await eventually("the partition says why it stops") { sink.now.restoreFailures[0] != nil }
        guard case .stateReadTooSlow = sink.now.restoreFailures[0] else {
            Issue.record("\(String(describing: sink.now.restoreFailures[0]))")
            return
        }
        #expect(sink.now.ready[0] == nil)
        // Two repetitions came first.
        #expect(sink.now.assigned[0] ?? 0 >= 3)
        kept.withLock { $0 = .seconds(3_600) }
        try await eventually("restored") { sink.now.ready[0] != nil }
        await close(log, sink)
        setting.broker.close()
    }

    @Test func stateEndIsKnownFromRestoreToBegin() async throws {
        let setting = try Setting()
        let log = KafkaLog(setting.configuration, logger: setting.logger)
        let admin = try KafkaAdmin(configuration: setting.configuration.kafka, logger: setting.logger)
        let continuity = try ContinuityWatch(log: log, admin: admin)
        continuity.restored(0, 1, stateEnd: 7)
        #expect(continuity.stateEnd(of: 0, 2) == nil)
        #expect(continuity.stateEnd(of: 0, 1) == 7)
        continuity.begin(0, 1, at: JobsPosition())
        #expect(continuity.stateEnd(of: 0, 1) == nil, "commits move it")
        await continuity.close()
        await admin.close()
        setting.broker.close()
    }

    private func waitUntilMembers(_ members: [(log: KafkaLog, sink: RecordingSink)]) async throws {
        try await eventually("all are members") {
            // Whichever of them has the only partition: a revocation is answered.
            for (log, sink) in members {
                for (partition, epoch) in sink.now.assigned where sink.now.revoked.contains(partition) {
                    log.release(partition: partition, epoch: epoch)
                }
            }
            return members.allSatisfy { $0.log.isGroupMember }
        }
    }
}
