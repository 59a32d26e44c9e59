import ExportCore
import ExportRecords
import Foundation
import Testing
import TestSupport
import WorkerKafka
import WorkerRuntime

/// Records that are larger than a topic takes, and records that the brokers refuse.
extension LogConformanceTests {
    static let brokers = LogUnderTest.available.filter { $0 != .simulated }
    static let realBrokers = LogUnderTest.available.filter { $0.isRealBroker }

    private func events(_ sizes: [Int], _ sink: RecordingSink, id: UInt64) -> LogCommit {
        var commit = commit(id, sink, position: 1)
        commit.outputs = sizes.enumerated().map { index, size in
            let value = [UInt8](repeating: UInt8(ascii: "x"), count: size)
            return LogOutput(topic: .results, partition: 0, OutgoingRecord(key: Array("\(index)".utf8), value: value))
        }
        return commit
    }

    /// A few KB on the wire are 64 MiB unpacked: nothing of them is copied, and what follows is delivered.
    @Test(arguments: brokers)
    func valueThatUnpacksToManyBytesIsNotCopied(on log: LogUnderTest) async throws {
        let cluster = try await KafkaCluster(log)
        try await cluster.enqueueZeros(64 << 20, partition: 0)
        try await cluster.enqueueZeros(10, partition: 0, headerBytes: 100_000)
        try await cluster.enqueue([(0, "good", "{}")])
        let (port, sink) = try await start(cluster)
        try await waitForRestore(sink)
        begin(port, sink)
        try await eventually("all three") { sink.now.received[0]?.count == 3 }
        let records = sink.now.received[0] ?? []
        #expect(records.map(\.content.omitted.value) == [64 << 20, nil, nil])
        #expect(records.map(\.content.omitted.headers) == [nil, 100_001, nil])
        #expect(records.reduce(0) { $0 + $1.content.byteCount } < 1_000, "bytes held")
        #expect(records.last?.content.value == Array("{}".utf8))
        await closeReleasing(port, sink)
        try await cluster.close()
    }

    /// The broker refuses a batch whose records it accepts one by one: the commit is stored.
    @Test(arguments: [DeliveryMode.exactlyOnce, .atLeastOnce])
    func commitIsStoredAfterItsBatchWasRefusedOnce(delivery: DeliveryMode) async throws {
        let cluster = try await KafkaCluster(.embedded)
        let (port, sink) = try await start(cluster, "one", delivery)
        try await waitForRestore(sink)
        try cluster.refuseBatches(1)
        var id: UInt64 = 1
        port.commit(commit(id, sink, position: 1))
        try await eventually("stored") {
            if sink.now.commitFailures[id] != nil {
                id += 1
                port.commit(commit(id, sink, position: 1))
            }
            return sink.now.committed.contains(id)
        }
        #expect(sink.now.refusals.isEmpty)
        await closeReleasing(port, sink)
        try await cluster.close()
    }

    /// The client itself refuses a record above `message.max.bytes`: it is named as if the broker had.
    @Test(arguments: brokers, [DeliveryMode.exactlyOnce, .atLeastOnce])
    func recordAboveTheClientsOwnLimitIsNamed(on log: LogUnderTest, delivery: DeliveryMode) async throws {
        let cluster = try await KafkaCluster(log)
        let (port, sink) = try await start(cluster, "one", delivery)
        try await waitForRestore(sink)
        port.commit(events([100, 17 << 20, 100], sink, id: 1))
        try await eventually("the refusal") { sink.now.refusals[1] == [1] }
        #expect(sink.now.committed.isEmpty)
        port.commit(events([100, 100], sink, id: 2))
        try await eventually("the next commit") { sink.now.committed == [2] }
        await closeReleasing(port, sink)
        try await cluster.close()
    }

    @Test(arguments: realBrokers, [DeliveryMode.exactlyOnce, .atLeastOnce])
    func recordAboveItsTopicsLimitIsFoundAmongOthers(on log: LogUnderTest, delivery: DeliveryMode) async throws {
        let cluster = try await KafkaCluster(log, maxMessageBytes: [.results: 2_000])
        let (port, sink) = try await start(cluster, "one", delivery)
        try await waitForRestore(sink)
        #expect(sink.now.limits?.results == 2_000)
        #expect(sink.now.limits?.state == OutputLimits.kafkaDefault)
        var sizes = [100, 100, 3_000, 100, 3_000, 100]
        var id: UInt64 = 0
        var refused: [Int] = []
        // As the engine does: what is refused is taken out, and the rest is sent again.
        while !sink.now.committed.contains(id), refused.count <= 2 {
            id += 1
            port.commit(events(sizes, sink, id: id))
            try await eventually("an answer") {
                sink.now.committed.contains(id) || sink.now.refusals[id] != nil
            }
            for index in (sink.now.refusals[id] ?? []).reversed() { refused.append(sizes.remove(at: index)) }
        }
        #expect(refused == [3_000, 3_000])
        #expect(sizes == [100, 100, 100, 100])
        let stored = try await cluster.read(.results)
        #expect(stored.allSatisfy { $0.value?.utf8.count == 100 })
        if delivery == .exactlyOnce { #expect(stored.count == 4, "the search leaves nothing behind") }
        await closeReleasing(port, sink)
        try await cluster.close()
    }

    /// The limit is one of batches: many small records must not be gathered into one that is refused.
    @Test(arguments: realBrokers, [DeliveryMode.exactlyOnce, .atLeastOnce])
    func batchOfSmallRecordsStaysBelowTheTopicsLimit(on log: LogUnderTest, delivery: DeliveryMode) async throws {
        let cluster = try await KafkaCluster(log, maxMessageBytes: [.results: 2_000])
        let (port, sink) = try await start(cluster, "one", delivery)
        try await waitForRestore(sink)
        port.commit(events([Int](repeating: 300, count: 200), sink, id: 1))
        try await eventually("stored at once") { sink.now.committed == [1] }
        #expect(sink.now.commitFailures.isEmpty && sink.now.refusals.isEmpty)
        await closeReleasing(port, sink)
        try await cluster.close()
    }

    @Test(arguments: realBrokers)
    func topicsCheckWarnsOfLimitsBelowTheLargestRecords(on log: LogUnderTest) async throws {
        let limits: [LogTopic: Int] = [.results: 2_000, .state: 20_000, .deadLetter: 1_000_000]
        let cluster = try await KafkaCluster(log, maxMessageBytes: limits)
        let warnings = try await cluster.check().warnings.filter {
            switch $0.fault {
            case .recordBytes, .deadLetterBytes: true
            default: false
            }
        }
        #expect(Set(warnings.map(\.role)) == [.results, .state, .deadLetter])
        try await cluster.close()
    }
}
