import ExportCore
import Foundation
import Testing
import TestSupport
import WorkerKafka
import WorkerRuntime

/// Faults around a port: zombies, fenced producers, missing state.
extension LogConformanceTests {
    @Test(arguments: checksGeneration)
    func zombieCommitIsFenced(on log: LogUnderTest) async throws {
        let cluster = try await log.makeCluster()
        let (first, one) = try await start(cluster, "one")
        try await waitForRestore(one)
        // The second worker joins; the first does not answer its revocation and is given up on.
        let (second, two) = try await start(cluster, "two")
        try await eventually("a revocation") { !one.now.revoked.isEmpty }
        let revoked = try #require(one.now.revoked.first)
        let zombie = commit(9, one, position: 5, partition: revoked, event: "zombie")
        try await eventually("given up on") { one.now.lost.contains(revoked) }
        first.commit(zombie)
        try await eventually("the zombie's commit fails") { one.now.commitFailures[9] != nil }
        #expect(try await cluster.read(.results).isEmpty)
        await closeReleasing(first, one)
        await closeReleasing(second, two)
        try await cluster.close()
    }

    /// Only where there are brokers: the state topic has fewer partitions than the jobs topic.
    @Test(arguments: LogUnderTest.available.filter { $0 != .simulated })
    func partitionWithoutStateDoesNotDelayOthers(on log: LogUnderTest) async throws {
        let cluster = try await KafkaCluster(log, statePartitions: 1)
        let (port, sink) = try await start(cluster)
        // Restored one at a time, so that a waiting restore could block the others.
        try await eventually("the one with state restored") { sink.now.ready[0] != nil }
        try await eventually("the others say why they wait") { Set(sink.now.restoreFailures.keys) == [1, 2] }
        #expect(sink.now.restoreFailures[1] == .statePartitionMissing)
        port.commit(commit(1, sink, position: 0))
        try await eventually("the one with state commits") { sink.now.committed == [1] }
        if log.isRealBroker {
            try await cluster.completeStateTopic()
            try await waitForRestore(sink)
        }
        await closeReleasing(port, sink)
        try await cluster.close()
    }

    @Test(arguments: fencesProducers)
    func partitionsAreRestoredAfterTheProducerIsFenced(on log: LogUnderTest) async throws {
        let cluster = try await log.makeCluster()
        let (first, one) = try await start(cluster, "same")
        try await waitForRestore(one)
        let before = one.now.assigned[0] ?? 0
        // A successor of the same name registers the transactional id, and leaves again.
        let usurper = cluster.makeLog("same", delivery: .exactlyOnce)
        let sink = RecordingSink()
        try await usurper.start(sink)
        await closeReleasing(usurper, sink)
        first.commit(commit(5, one, position: 1, event: "fenced"))
        try await eventually("the commit is not taken for stored") { one.now.commitFailures[5] != nil }
        try await eventually("restored under another epoch") {
            one.now.assigned[0] ?? 0 > before && one.now.ready[0]?.epoch == one.now.assigned[0]
        }
        #expect(try await cluster.read(.results).isEmpty)
        // The group may still be settling after the successor's departure: what is not stored is sent again.
        var id: UInt64 = 6
        first.commit(commit(id, one, position: 1, event: "after"))
        try await eventually("commits again") {
            if one.now.commitFailures[id] != nil {
                id += 1
                first.commit(commit(id, one, position: 1, event: "after"))
            }
            return one.now.committed.contains(id)
        }
        #expect(try await cluster.read(.results).map(\.value) == ["after"])
        await closeReleasing(first, one)
        try await cluster.close()
    }
}
