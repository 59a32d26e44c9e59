import EmbeddedKafka
import ExportCore
import ExportRecords
import KafkaClient
import Testing
import TestSupport
import WorkerRuntime

@testable import WorkerKafka

/// Commits whose producer is replaced, or whose records the broker refuses.
extension KafkaLogTests {
    func commit(_ id: UInt64, _ sink: RecordingSink, records: Int = 1, partition: Int32 = 0) -> LogCommit {
        let outputs = (0..<records).map {
            LogOutput(topic: .results, partition: 0, OutgoingRecord(key: Array("\($0)".utf8), value: [0x78]))
        }
        let epoch = sink.now.assigned[partition] ?? 0
        return LogCommit(
            id: id,
            outputs: outputs,
            positions: [CommitBatch.Position(partition: partition, epoch: epoch, offset: 0)]
        )
    }

    /// Sends a commit again until it is stored.
    func store(_ commit: LogCommit, _ log: KafkaLog, _ sink: RecordingSink) async throws {
        var commit = commit
        log.commit(commit)
        try await eventually("stored") {
            if sink.now.commitFailures[commit.id] != nil {
                commit.id += 1
                log.commit(commit)
            }
            return sink.now.committed.contains(commit.id)
        }
    }

    @Test func commitsContinueAfterAReplacedProducerWasNotReadyInTime() async throws {
        let setting = try Setting()
        let (log, sink) = try await restored(setting)
        log.commit(commit(1, sink))
        try await eventually("the first commit") { sink.now.committed == [1] }
        // The refused batch makes the producer unusable.
        try setting.broker.pushErrors(.produce, [.messageTooLarge])
        log.commit(commit(2, sink))
        try await eventually("the refused commit fails") { sink.now.commitFailures[2] != nil }
        let hanging = [EmbeddedKafka.InjectedError](repeating: .concurrentTransactions, count: 100_000)
        try setting.broker.pushErrors(.initProducerID, hanging)
        log.commit(commit(3, sink))
        try await eventually("a commit without a producer fails") { sink.now.commitFailures[3] != nil }
        #expect(sink.now.producer.last??.cause == .hangingTransaction)
        try setting.broker.clearErrors(.initProducerID)
        try await store(commit(4, sink), log, sink)
        #expect(sink.now.producer.last == .some(nil))
        await close(log, sink)
        setting.broker.close()
    }

    @Test(arguments: [DeliveryMode.exactlyOnce, .atLeastOnce])
    func largeCommitIsStoredWhenItsRecordsAreRefusedOnlyTogether(delivery: DeliveryMode) async throws {
        let setting = try Setting()
        setting.configuration.delivery = delivery
        let (log, sink) = try await restored(setting)
        try setting.broker.pushErrors(.produce, [.messageTooLarge])
        try await store(commit(1, sink, records: 1_500), log, sink)
        #expect(sink.now.refusals.isEmpty)
        await close(log, sink)
        setting.broker.close()
    }

    @Test func searchForRefusedRecordsContinuesWhereTheLastOneTimedOut() async throws {
        let setting = try Setting()
        var configuration = setting.configuration
        // The client refuses the record, as a broker would.
        configuration.kafka.properties["message.max.bytes"] = "100000"
        let limits = TopicLimits(configuration, logger: setting.logger)
        let topics = configuration.topics
        let (kafka, logger) = (configuration.kafka, setting.logger)
        let probe = RefusalProbe(configuration: configuration, limits: limits, patience: .zero) { batching in
            try KafkaTransactionalProducer(
                configuration: batching.configuration(kafka),
                transactionalID: "probe",
                topics: topics.written,
                logger: logger
            )
        }
        let refused = 2 * RefusalProbe.chunk + 50
        let records = (0..<1_100).map { index in
            KafkaProducerRecord(
                topic: topics.results,
                partition: 0,
                value: [UInt8](repeating: 0x78, count: index == refused ? 200_000 : 10),
                tag: UInt(index)
            )
        }
        var end = 0
        var found: Set<UInt> = []
        // Each call searches one transaction's records; a failed call is repeated.
        try await eventually("the record is found") {
            switch await probe.refused(among: records, from: end) {
            case .unknown(let next):
                #expect(next == end || next == end + RefusalProbe.chunk)
                end = next
            case .refused(let tags): found = tags
            case .allTaken: Issue.record("all taken")
            }
            return !found.isEmpty
        }
        #expect(found == [UInt(refused)])
        #expect(end == 2 * RefusalProbe.chunk)
        #expect(await probe.refused(among: records, from: records.count) == .allTaken)
        setting.broker.close()
    }
}
