import ExportCore
import ExportRecords
import Foundation
import Testing
import TestSupport
import WorkerKafka
import WorkerRuntime

/// The logs that the suite runs on.
enum LogUnderTest: String, Sendable, CaseIterable, CustomTestStringConvertible {
    /// The log that the simulation of the engine runs on: it must behave as the real one.
    case simulated
    case embedded
    case broker

    var testDescription: String { rawValue }

    /// A real broker only where the environment names one.
    static var available: [LogUnderTest] {
        KafkaCluster.address == nil ? [.simulated, .embedded] : [.simulated, .embedded, .broker]
    }

    var capabilities: LogCapabilities { self == .embedded ? [] : .all }

    /// Those that can show `needed`.
    static func showing(_ needed: LogCapabilities) -> [LogUnderTest] {
        available.filter { $0.capabilities.isSuperset(of: needed) }
    }

    func makeCluster() async throws -> any LogCluster {
        switch self {
        case .simulated: SimulatedCluster()
        case .embedded: try await KafkaCluster(address: nil)
        case .broker: try await KafkaCluster(address: KafkaCluster.address)
        }
    }
}

/// What every log port must do. Serialized, because each test has a broker or a group of its own.
@Suite(.serialized) struct LogConformanceTests {
    // What the embedded broker cannot show, by name. Set KAFKA_BOOTSTRAP_SERVERS to run everything on a real broker too.
    static let hidesAborted = LogUnderTest.showing(.hidesAborted)
    static let checksGeneration = LogUnderTest.showing(.checksGeneration)
    static let fencesProducers = LogUnderTest.showing(.fencesProducers)

    func start(_ cluster: any LogCluster, _ name: String = "one", _ delivery: DeliveryMode = .exactlyOnce)
        async throws -> (any LogPort, RecordingSink)
    {
        let sink = RecordingSink()
        let log = cluster.makeLog(name, delivery: delivery)
        try await log.start(sink)
        return (log, sink)
    }

    func waitForRestore(_ sink: RecordingSink, _ count: Int = partitionCount) async throws {
        try await eventually("\(count) partitions restored") { sink.now.ready.count >= count }
    }

    func begin(_ log: any LogPort, _ sink: RecordingSink) {
        for (partition, ready) in sink.now.ready {
            let position = JobsPosition(offset: ready.committed ?? ready.low)
            log.begin(partition: partition, epoch: ready.epoch, from: position)
        }
    }

    func commit(
        _ id: UInt64,
        _ sink: RecordingSink,
        position: Int64,
        partition: Int32 = 0,
        event: String = "done"
    ) -> LogCommit {
        LogCommit(
            id: id,
            outputs: [
                LogOutput(
                    topic: .state,
                    partition: partition,
                    OutgoingRecord(key: Array("k".utf8), value: Array(event.utf8))
                ),
                LogOutput(
                    topic: .results,
                    partition: nil,
                    OutgoingRecord(
                        key: Array("k".utf8),
                        value: Array(event.utf8),
                        headers: [OriginalRecord.Header(name: "ce_id", value: Array("k/\(event)".utf8))]
                    )
                ),
            ],
            positions: [
                CommitBatch.Position(
                    partition: partition,
                    epoch: sink.now.assigned[partition] ?? 0,
                    offset: position
                )
            ]
        )
    }

    @Test(arguments: LogUnderTest.available)
    func jobsAreDeliveredAfterRestoreAndBegin(on log: LogUnderTest) async throws {
        let cluster = try await log.makeCluster()
        try await cluster.enqueue((0..<30).map { (Int32($0 % 3), "job-\($0)", "{\"n\":\($0)}") })
        let (port, sink) = try await start(cluster)
        try await waitForRestore(sink)
        #expect(sink.now.received.isEmpty)
        #expect(sink.now.ready.values.allSatisfy { $0.high == 10 && $0.low == 0 && $0.committed == nil })
        begin(port, sink)
        try await eventually("all jobs delivered") { sink.now.received.values.map(\.count).reduce(0, +) == 30 }
        for (partition, records) in sink.now.received {
            #expect(records.map(\.offset) == Array(0..<10))
            #expect(records.first?.content.key == Array("job-\(partition)".utf8))
            let trace = OriginalRecord.Header(name: "traceparent", value: Array("00-abc".utf8))
            #expect(records.first?.content.headers == [trace])
        }
        try await eventually("partitions counted") { sink.now.partitionCount == partitionCount }
        await closeReleasing(port, sink)
        try await cluster.close()
    }

    @Test(arguments: LogUnderTest.available, [DeliveryMode.exactlyOnce, .atLeastOnce])
    func commitsAreStoredAndRestored(on log: LogUnderTest, delivery: DeliveryMode) async throws {
        let cluster = try await log.makeCluster()
        try await cluster.enqueue([(0, "a", "1"), (0, "b", "2")])
        let (first, sink) = try await start(cluster, "one", delivery)
        try await waitForRestore(sink)
        first.commit(commit(1, sink, position: 1, event: "first"))
        try await eventually("first commit stored") { sink.now.committed == [1] }
        first.commit(commit(2, sink, position: 2, event: "second"))
        try await eventually("second commit stored") { sink.now.committed == [1, 2] }
        await closeReleasing(first, sink)

        let results = try await cluster.read(.results)
        #expect(results.map(\.value) == ["first", "second"])
        #expect(results.map { $0.headers["ce_id"] } == ["k/first", "k/second"])
        let (second, again) = try await start(cluster, "two", delivery)
        try await waitForRestore(again)
        #expect(again.now.restored[0]?.last?.content.value == Array("second".utf8))
        #expect(again.now.restored[1]?.isEmpty ?? true)
        let keepsPosition = delivery == .atLeastOnce || log.capabilities.contains(.storesTransactionalPositions)
        if keepsPosition { #expect(again.now.ready[0]?.committed == 2) }
        await closeReleasing(second, again)
        try await cluster.close()
    }

    /// The restore waits for the end of a predecessor's transaction: it neither reads nor skips its records before.
    @Test(arguments: hidesAborted, [true, false])
    func restoreWaitsForAnOpenTransaction(on log: LogUnderTest, commits: Bool) async throws {
        let cluster = try await log.makeCluster()
        let record = LogOutput(
            topic: .state,
            partition: 0,
            OutgoingRecord(key: Array("k".utf8), value: Array("open".utf8))
        )
        let transaction = try await cluster.openTransaction([record])
        let (port, sink) = try await start(cluster)
        try await eventually("the other partitions restored") { sink.now.ready.count == partitionCount - 1 }
        #expect(sink.now.ready[0] == nil)
        #expect(sink.now.restored[0]?.isEmpty ?? true)
        try await transaction.end(committing: commits)
        try await waitForRestore(sink)
        #expect(sink.now.restored[0]?.map(\.content.value) == (commits ? [Array("open".utf8)] : []))
        #expect(try await cluster.read(.state).map(\.value) == (commits ? ["open"] : []))
        await closeReleasing(port, sink)
        try await cluster.close()
    }

    /// An operator can distinguish a consumer that stands still from an empty topic.
    @Test(arguments: LogUnderTest.available)
    func unreadJobsAreReported(on log: LogUnderTest) async throws {
        let cluster = try await log.makeCluster()
        let (port, sink) = try await start(cluster)
        try await waitForRestore(sink)
        begin(port, sink)
        try await eventually("nothing is unread") { sink.now.unreadUpTo[0] == .some(nil) }
        port.setIntake(isPaused: true)
        port.commit(commit(1, sink, position: 0))
        try await eventually("the pause took effect") { sink.now.committed == [1] }
        try await cluster.enqueue((0..<4).map { (0, "a\($0)", "x") })
        try await eventually("four are unread") { sink.now.unreadUpTo[0] == .some(4) }
        port.setIntake(isPaused: false)
        try await eventually("all are read") {
            sink.now.received[0]?.count == 4 && sink.now.unreadUpTo[0] == .some(nil)
        }
        await closeReleasing(port, sink)
        try await cluster.close()
    }

    @Test(arguments: LogUnderTest.available)
    func commitOfAnEndedAssignmentIsRefused(on log: LogUnderTest) async throws {
        let cluster = try await log.makeCluster()
        let (port, sink) = try await start(cluster)
        try await waitForRestore(sink)
        var stale = commit(7, sink, position: 1)
        stale.positions[0].epoch += 100
        port.commit(stale)
        try await eventually("commit refused") { sink.now.commitFailures[7] != nil }
        await closeReleasing(port, sink)
        #expect(try await cluster.read(.results).isEmpty)
        try await cluster.close()
    }

    @Test(arguments: LogUnderTest.available)
    func pausedIntakeLeavesNoGapOrRepetition(on log: LogUnderTest) async throws {
        let cluster = try await log.makeCluster()
        let (port, sink) = try await start(cluster)
        try await waitForRestore(sink)
        begin(port, sink)
        try await cluster.enqueue((0..<5).map { (0, "a\($0)", "x") })
        try await eventually("first five") { sink.now.received[0]?.count == 5 }
        port.setIntake(isPaused: true)
        // A commit goes through the same broker; when it is stored the pause has long taken effect.
        port.commit(commit(1, sink, position: 5))
        try await eventually("commit while paused") { sink.now.committed == [1] }
        try await cluster.enqueue((5..<10).map { (0, "a\($0)", "x") })
        port.commit(commit(2, sink, position: 5))
        try await eventually("another commit while paused") { sink.now.committed == [1, 2] }
        #expect(sink.now.received[0]?.count == 5)
        port.setIntake(isPaused: false)
        try await eventually("the rest") { sink.now.received[0]?.count == 10 }
        #expect(sink.now.received[0]?.map(\.offset) == Array(0..<10))
        await closeReleasing(port, sink)
        try await cluster.close()
    }

    @Test(arguments: LogUnderTest.available)
    func partitionsMoveOnlyAfterTheirRelease(on log: LogUnderTest) async throws {
        let cluster = try await log.makeCluster()
        let (first, one) = try await start(cluster, "one")
        try await waitForRestore(one)
        let (second, two) = try await start(cluster, "two")
        try await eventually("a revocation") { !one.now.revoked.isEmpty }
        #expect(two.now.ready.isEmpty)
        let moved = one.now.revoked
        // The last commit of a partition that is being revoked still succeeds.
        if let partition = moved.first {
            first.commit(commit(3, one, position: 0, partition: partition, event: "last"))
            try await eventually("last commit") { one.now.committed.contains(3) }
        }
        for partition in moved { first.release(partition: partition, epoch: one.now.assigned[partition] ?? 0) }
        try await eventually("the second worker restored them") {
            Set(two.now.ready.keys).isSuperset(of: moved)
        }
        if let partition = moved.first {
            #expect(two.now.restored[partition]?.last?.content.value == Array("last".utf8))
            first.commit(commit(4, one, position: 0, partition: partition, event: "too late"))
            try await eventually("a commit after the release is refused") { one.now.commitFailures[4] != nil }
        }
        #expect(one.now.lost.isEmpty)
        async let firstClosed: Void = closeReleasing(first, one)
        async let secondClosed: Void = closeReleasing(second, two)
        _ = await (firstClosed, secondClosed)
        try await cluster.close()
    }

    /// Closes a port as the engine does: it releases what the closing revokes.
    func closeReleasing(_ log: any LogPort, _ sink: RecordingSink) async {
        for (partition, epoch) in sink.now.assigned { log.release(partition: partition, epoch: epoch) }
        await log.close(within: .seconds(60))
    }
}
