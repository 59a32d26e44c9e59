import ExportCore
import ExportRecords
import Foundation
import Synchronization
import Testing
import TestSupport
import WorkerRuntime

@testable import WorkerKafka

/// What an administrator does to the topics while a port works with them. `start` opens a port with a sink that records its
/// calls, `begin` starts the delivery of all restored partitions, and `closeReleasing` ends the port as the engine does.
extension LogConformanceTests {
    static let deletesTopics = LogUnderTest.showing(.deletesTopics)

    /// Begins partition 0 where `records` left off, as an engine does that has decided them.
    private func beginDecided(_ records: Int64, _ log: any LogPort, _ sink: RecordingSink) throws {
        let last = try #require(sink.now.received[0]?.last)
        let epoch = try #require(sink.now.assigned[0])
        #expect(last.offset == records - 1)
        let mark = JobsMark(offset: last.offset, timestamp: try #require(last.timestamp))
        log.begin(partition: 0, epoch: epoch, from: JobsPosition(offset: records, anchor: mark))
    }

    @Test(arguments: LogUnderTest.available)
    func partitionBeginsWhereItsNewestRecordIsTheDecidedOne(on log: LogUnderTest) async throws {
        let cluster = try await log.makeCluster()
        try await cluster.enqueue((0..<5).map { (0, "a\($0)", "x") })
        let (port, sink) = try await start(cluster)
        try await waitForRestore(sink)
        begin(port, sink)
        try await eventually("five records") { sink.now.received[0]?.count == 5 }
        try beginDecided(5, port, sink)
        try await cluster.enqueue([(0, "a5", "x")])
        try await eventually("the sixth") { sink.now.received[0]?.last?.offset == 5 }
        #expect(sink.now.discontinuities.isEmpty)
        // Another timestamp at the same offset is another record.
        let epoch = try #require(sink.now.assigned[0])
        let timestamp = try #require(sink.now.received[0]?.last?.timestamp)
        let other = JobsMark(offset: 5, timestamp: timestamp + 1)
        port.begin(partition: 0, epoch: epoch, from: JobsPosition(offset: 6, anchor: other))
        try await eventually("the discontinuity") { sink.now.discontinuities[0] == .jobsReplaced(offset: 5) }
        await closeReleasing(port, sink)
        try await cluster.close()
    }

    @Test(arguments: deletesTopics, [2, 12])
    func recreatedJobsTopicIsNoticedWhileItIsRead(on log: LogUnderTest, refill: Int) async throws {
        let cluster = try await log.makeCluster()
        try await cluster.enqueue((0..<8).map { (0, "a\($0)", "x") })
        let (port, sink) = try await start(cluster)
        try await waitForRestore(sink)
        begin(port, sink)
        try await eventually("eight records") { sink.now.received[0]?.count == 8 }
        try await cluster.recreateJobs()
        try await cluster.enqueue((0..<refill).map { (0, "b\($0)", "y") })
        try await eventually("the discontinuity") { sink.now.discontinuities[0] != nil }
        switch sink.now.discontinuities[0] {
        case .jobsEndBelowPosition(position: 8, let end): #expect(end <= 8)
        // The newest record may be one of the new topic already; one from before the deletion is not there any more.
        case .jobsReplaced(let offset): #expect(offset <= 7)
        default: Issue.record("\(String(describing: sink.now.discontinuities[0]))")
        }
        await closeReleasing(port, sink)
        try await cluster.close()
    }

    /// Only a real broker hides open transactions.
    @Test(arguments: LogUnderTest.available.filter { $0.isRealBroker })
    func restoreBehindAnOpenTransactionIsReported(on log: LogUnderTest) async throws {
        let cluster = try await KafkaCluster(log, restoreStallTimeout: .seconds(1))
        let record = LogOutput(
            topic: .state,
            partition: 0,
            OutgoingRecord(key: Array("k".utf8), value: Array("open".utf8))
        )
        let transaction = try await cluster.openTransaction([record])
        let (port, sink) = try await start(cluster)
        try await eventually("the restore is reported") { sink.now.failingRestores[0]?.cause == .openTransaction }
        #expect(sink.now.failingRestores[0]?.subject.contains("state") == true)
        try await transaction.end(committing: true)
        try await waitForRestore(sink)
        await closeReleasing(port, sink)
        try await cluster.close()
    }

    /// What `topics recover` and a repair have in common: the state grows.
    @Test(arguments: LogUnderTest.available.filter { $0 != .simulated })
    func stoppedPartitionIsRestoredWhenItsStateGrows(on log: LogUnderTest) async throws {
        let cluster = try await KafkaCluster(log)
        let (port, sink) = try await start(cluster)
        try await waitForRestore(sink)
        let before = try #require(sink.now.assigned[0])
        port.stopped(partition: 0, epoch: before)
        try await cluster.writeState(partition: 0, key: "k", value: "repaired")
        try await eventually("restored under another epoch") {
            sink.now.assigned[0] ?? 0 > before && sink.now.ready[0]?.epoch == sink.now.assigned[0]
        }
        #expect(sink.now.restored[0]?.last?.content.value == Array("repaired".utf8))
        #expect(sink.now.assigned[1] == sink.now.ready[1]?.epoch)
        await closeReleasing(port, sink)
        try await cluster.close()
    }

    /// `topics recover` reads the topics itself, and may write before the worker has noticed what is wrong with them.
    @Test(arguments: LogUnderTest.available.filter { $0 != .simulated })
    func partitionThatStopsAfterItsRepairIsRestored(on log: LogUnderTest) async throws {
        let cluster = try await KafkaCluster(log)
        let (port, sink) = try await start(cluster)
        try await waitForRestore(sink)
        begin(port, sink)
        port.commit(commit(1, sink, position: 0))
        try await eventually("a commit") { sink.now.committed == [1] }
        let before = try #require(sink.now.assigned[0])
        try await cluster.writeState(partition: 0, key: "k", value: "repaired")
        port.stopped(partition: 0, epoch: before)
        try await eventually("restored under another epoch") {
            sink.now.assigned[0] ?? 0 > before && sink.now.ready[0]?.epoch == sink.now.assigned[0]
        }
        #expect(sink.now.restored[0]?.last?.content.value == Array("repaired".utf8))
        await closeReleasing(port, sink)
        try await cluster.close()
    }

    /// Only a real broker deletes a topic and keeps transactions apart.
    @Test(arguments: LogUnderTest.available.filter { $0.isRealBroker })
    func recreatedStateTopicIsNoticedWhileItIsWritten(on log: LogUnderTest) async throws {
        let cluster = try await KafkaCluster(log)
        let (port, sink) = try await start(cluster)
        try await waitForRestore(sink)
        begin(port, sink)
        for id in 1...6 as ClosedRange<UInt64> {
            port.commit(commit(id, sink, position: 0))
            try await eventually("commit \(id)") { sink.now.committed.contains(id) }
        }
        let end = try await cluster.end(ofState: 0)
        let continuity = try #require((port as? KafkaLog)?.present?.continuity)
        try await eventually("the end of the state has been seen") {
            continuity.state.withLock { $0.watched[0]?.stateEnd } == end
        }
        try await cluster.recreateState()
        try await eventually("the discontinuity") { sink.now.discontinuities[0] == .stateIncomplete }
        await closeReleasing(port, sink)
        try await cluster.close()
    }

    @Test(arguments: LogUnderTest.available.filter { $0.isRealBroker })
    func openTransactionOfAnotherProducerIsReported(on log: LogUnderTest) async throws {
        let cluster = try await KafkaCluster(log)
        try await cluster.enqueue([(0, "a", "1")])
        let (port, sink) = try await start(cluster)
        try await waitForRestore(sink)
        begin(port, sink)
        let transaction = try await cluster.openTransactionOnJobs(partition: 0)
        try await cluster.enqueue([(0, "b", "2")])
        try await eventually("the records kept back, and nothing else to read") {
            sink.now.keptBack[0] == 1..<3 && sink.now.unreadUpTo[0] == .some(nil)
        }
        #expect(sink.now.keptBack[1] == nil)
        try await transaction.end(committing: false)
        try await eventually("nothing is kept back") {
            sink.now.keptBack[0] == nil && sink.now.received[0]?.count == 2
        }
        await closeReleasing(port, sink)
        try await cluster.close()
    }

    @Test(arguments: LogUnderTest.available.filter { $0.isRealBroker })
    func commitsOfAddedPartitionsSucceedAtOnce(on log: LogUnderTest) async throws {
        let cluster = try await KafkaCluster(log)
        let (port, sink) = try await start(cluster)
        try await waitForRestore(sink)
        port.commit(commit(1, sink, position: 0))
        try await eventually("a first commit") { sink.now.committed == [1] }
        try await cluster.addPartitions(upTo: partitionCount + 1)
        // A rebalance makes the group read the topic's metadata: the second member joins and leaves.
        let added = Int32(partitionCount)
        let (guest, guestSink) = try await start(cluster, "two")
        try await eventually("a partition for the second") {
            for partition in sink.now.revoked {
                port.release(partition: partition, epoch: sink.now.assigned[partition] ?? 0)
            }
            return !guestSink.now.ready.isEmpty
        }
        await closeReleasing(guest, guestSink)
        try await eventually("the added partition") { sink.now.ready[added] != nil }
        port.commit(commit(2, sink, position: 0, partition: added))
        try await eventually("its commit") { sink.now.committed.contains(2) || sink.now.commitFailures[2] != nil }
        // The producer's metadata is as old as the producer: without reading it again it does not know the partition.
        #expect(sink.now.commitFailures.isEmpty)
        await closeReleasing(port, sink)
        try await cluster.close()
    }
}
