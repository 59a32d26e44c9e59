import EmbeddedKafka
import ExportCore
import Foundation
import KafkaClient
import Logging
import Synchronization
import Testing
import TestSupport
import WorkerRuntime

@testable import WorkerKafka

/// The port on the embedded broker, where the engine's side of it does not matter.
@Suite(.serialized) struct KafkaLogTests {
    /// An embedded broker with the four topics.
    final class Setting {
        let broker: EmbeddedKafka
        var configuration: KafkaLogConfiguration
        let logger: Logger

        init(partitions: Int = 1) throws {
            broker = try EmbeddedKafka()
            var names = KafkaTopicNames()
            names.jobs = "log.jobs"
            names.results = "log.results"
            names.state = "log.state"
            names.deadLetter = "log.dead-letter"
            for topic in names.all { try broker.createTopic(topic, partitions: partitions) }
            var kafka = KafkaConfiguration(bootstrapServers: broker.bootstrapServers)
            kafka.properties = ["session.timeout.ms": "6000", "heartbeat.interval.ms": "500"]
            configuration = KafkaLogConfiguration(kafka: kafka, groupID: "log", workerID: "one", topics: names)
            var quiet = Logger(label: "log")
            quiet.logLevel = .critical
            logger = quiet
        }

        func produce(_ count: Int, bytes: Int = 10) async throws {
            let producer = try KafkaProducer(configuration: configuration.kafka, logger: logger)
            let topic = configuration.topics.jobs
            let failures = try await producer.run { (producer) throws(KafkaError) in
                for _ in 0..<count {
                    try producer.produce(
                        KafkaProducerRecord(topic: topic, partition: 0, value: [UInt8](repeating: 120, count: bytes))
                    )
                }
                return try producer.flush()
            }
            await producer.close()
            #expect(failures.isEmpty)
        }
    }

    /// A port that has restored its partition.
    func restored(_ setting: Setting) async throws -> (log: KafkaLog, sink: RecordingSink) {
        let log = KafkaLog(setting.configuration, logger: setting.logger)
        let sink = RecordingSink()
        try await log.start(sink)
        try await eventually("restored") { sink.now.ready[0] != nil }
        return (log, sink)
    }

    func close(_ log: KafkaLog, _ sink: RecordingSink) async {
        for (partition, epoch) in sink.now.assigned { log.release(partition: partition, epoch: epoch) }
        await log.close(within: .seconds(60))
    }

    @Test func producerThatHangsAtItsCoordinatorIsReportedAndGetsAnotherID() async throws {
        let setting = try Setting()
        setting.configuration.transactionalIDPatience = .milliseconds(500)
        let hanging = [EmbeddedKafka.InjectedError](repeating: .concurrentTransactions, count: 100_000)
        try setting.broker.pushErrors(.initProducerID, hanging)
        let log = KafkaLog(setting.configuration, logger: setting.logger)
        let sink = RecordingSink()
        let starting = Task { try await log.start(sink) }
        // librdkafka names the coordinator's answer or only the time-out, depending on its version and on which came first.
        try await eventually("the problem is reported: \(sink.now.producer)") { !sink.now.producer.isEmpty }
        #expect(sink.now.producer.allSatisfy { $0?.cause == .hangingTransaction })
        #expect(sink.now.producer.first??.subject == "payout-export-worker.log.one")
        try await eventually("another id is tried") {
            sink.now.producer.contains { $0?.subject == "payout-export-worker.log.one~1" }
        }
        try setting.broker.clearErrors(.initProducerID)
        try await starting.value
        #expect(sink.now.producer.last == .some(nil), "ready again, and said so")
        try await eventually("restored") { sink.now.ready[0] != nil }
        await close(log, sink)
        setting.broker.close()
    }

    @Test func stopDoesNotWaitForAHangingProducer() async throws {
        let setting = try Setting()
        let hanging = [EmbeddedKafka.InjectedError](repeating: .concurrentTransactions, count: 100_000)
        try setting.broker.pushErrors(.initProducerID, hanging)
        let log = KafkaLog(setting.configuration, logger: setting.logger)
        let sink = RecordingSink()
        let starting = Task { try await log.start(sink) }
        try await eventually("the problem is reported") { sink.now.producer.count > 0 }
        // The bound only keeps a hang from lasting: the start ends though nothing has changed at the broker.
        starting.cancel()
        try await starting.value
        await log.close(within: .seconds(60))
        #expect(sink.now.assigned.isEmpty)
        setting.broker.close()
    }

    /// An assignment that the engine does not release: without the bound the stop would wait for an hour.
    @Test(.timeLimit(.minutes(30)))
    func closingEndsWithinItsBoundWhenAPartitionIsNeverReleased() async throws {
        let setting = try Setting()
        setting.configuration.revocationTimeout = .seconds(3_600)
        let (log, sink) = try await restored(setting)
        await log.close(within: .seconds(3))
        #expect(log.present == nil)
        try await eventually("the partition is given up") { sink.now.lost == [0] }
        setting.broker.close()
    }

    @Test func failedResumeIsRetried() async throws {
        let setting = try Setting()
        let failures = Mutex(0)
        let log = KafkaLog(setting.configuration, logger: setting.logger) {
            (consumer, partitions, isPaused) throws(KafkaError) in
            guard !isPaused else { return try await consumer.pause(partitions) }
            let isFirst = failures.withLock { failures in
                failures += 1
                return failures <= 2
            }
            if isFirst {
                throw KafkaError(fault: .retry, code: .transport, message: "planned", operation: "resume")
            }
            try await consumer.resume(partitions)
        }
        let sink = RecordingSink()
        try await log.start(sink)
        try await eventually("restored") { sink.now.ready[0] != nil }
        try await setting.produce(3)
        let epoch = try #require(sink.now.ready[0]?.epoch)
        log.begin(partition: 0, epoch: epoch, from: JobsPosition(offset: 0))
        try await eventually("delivered after the first resumption failed") { sink.now.received[0]?.count == 3 }
        failures.withLock { $0 = 0 }
        log.setIntake(isPaused: true)
        log.setIntake(isPaused: false)
        try await setting.produce(2)
        try await eventually("delivered after the pause") { sink.now.received[0]?.count == 5 }
        // The records may arrive before the partition is resumed, if it was not paused yet.
        try await eventually("resumed at the third try") { failures.withLock { $0 } >= 3 }
        await close(log, sink)
        setting.broker.close()
    }

    @Test func recordsDeletedWhileIntakeIsPausedAreReportedAsUnread() async throws {
        let setting = try Setting()
        let log = KafkaLog(setting.configuration, logger: setting.logger)
        let sink = RecordingSink()
        try await setting.produce(5)
        try await log.start(sink)
        try await eventually("restored") { sink.now.ready[0] != nil }
        let epoch = try #require(sink.now.ready[0]?.epoch)
        log.begin(partition: 0, epoch: epoch, from: JobsPosition(offset: 0))
        try await eventually("the first are delivered") { sink.now.received[0]?.count == 5 }
        log.setIntake(isPaused: true)
        // The embedded broker keeps 5 MiB of a partition.
        try await setting.produce(120, bytes: 100_000)
        log.setIntake(isPaused: false)
        try await eventually("the last one is delivered") { sink.now.received[0]?.last?.offset == 124 }
        let offsets = try #require(sink.now.received[0]?.map(\.offset))
        let missing = Set(Int64(0)..<125).subtracting(offsets).sorted()
        #expect(!missing.isEmpty, "nothing was deleted: the test shows nothing")
        try await eventually("the unread offsets are named") {
            Set(sink.now.unread.flatMap { Array($0.from..<$0.to) }) == Set(missing)
        }
        #expect(sink.now.unread.allSatisfy { $0.partition == 0 })
        await close(log, sink)
        setting.broker.close()
    }

    /// A property that its producer refuses, and one that only the member of a group refuses, which is made later.
    @Test(arguments: [["acks": "0"], ["max.poll.interval.ms": "1000"]], [DeliveryMode.exactlyOnce, .atLeastOnce])
    func failedStartClosesWhatItOpened(properties: [String: String], delivery: DeliveryMode) async throws {
        let setting = try Setting()
        let credentials = KafkaCredentials(username: "worker", password: "secret")
        setting.configuration.delivery = delivery
        setting.configuration.kafka.credentials = credentials
        setting.configuration.kafka.properties.merge(properties) { $1 }
        let log = KafkaLog(setting.configuration, logger: setting.logger)
        await #expect(throws: KafkaError.self) { try await log.start(RecordingSink()) }
        #expect(credentials.set(username: "worker", password: "another") == 0)
        await log.close(within: .seconds(60))
        setting.broker.close()
    }
}
