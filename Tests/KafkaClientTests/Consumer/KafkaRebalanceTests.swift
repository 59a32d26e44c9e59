import EmbeddedKafka
import Foundation
import KafkaClient
import Synchronization
import Testing
import TestSupport

/// Rebalances take as long as the embedded broker's session time-out, so there are few of them here.
@Suite struct KafkaRebalanceTests {
    private let session = ["session.timeout.ms": "6000", "heartbeat.interval.ms": "500"]

    private func consumer(
        _ kafka: EmbeddedKafka,
        _ handler: RecordingHandler,
        _ properties: [String: String] = [:],
        timeout: Duration = .seconds(300)
    ) throws -> KafkaConsumer {
        var options = KafkaConsumer.Options()
        options.rebalanceTimeout = timeout
        return try KafkaConsumer(
            configuration: kafka.configuration(session.merging(properties) { $1 }),
            groupID: "workers",
            options: options,
            handler: handler,
            logger: quiet
        )
    }

    @Test(arguments: ["cooperative-sticky", "range"])
    func partitionsMoveWithoutLoss(_ strategy: String) async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("jobs", partitions: 4)
            let properties = ["partition.assignment.strategy": strategy]
            // Each commits what it has received before it releases a partition, as a worker does.
            let committer = Committer()
            let first = RecordingHandler { committer.commitAndComplete($0) }
            let firstConsumer = try consumer(kafka, first, properties)
            committer.attach(firstConsumer, first)
            try await firstConsumer.subscribe(["jobs"])
            try await eventually("the first assignment") { first.seen.held.count == 4 }

            let second = RecordingHandler()
            let secondConsumer = try consumer(kafka, second, properties)
            try await secondConsumer.subscribe(["jobs"])
            // Records keep coming for the whole length of the rebalance.
            var sent = 0
            try await eventually("both have their share") {
                for number in Int32(0)..<4 {
                    try await produce(
                        (sent..<sent + 20).map { "\($0)" },
                        to: KafkaTopicPartition(topic: "jobs", partition: number),
                        kafka.configuration()
                    )
                }
                sent += 20
                return first.seen.held.count == 2 && second.seen.held.count == 2
            }
            try await eventually("all records") {
                Set(first.seen.records + second.seen.records).count >= sent * 4
            }
            #expect(first.seen.strays.isEmpty)
            #expect(second.seen.strays.isEmpty)
            for number in Int32(0)..<4 {
                let partition = KafkaTopicPartition(topic: "jobs", partition: number)
                checkNothingIsMissing([first, second], partition, sent: sent, inOrder: strategy != "range")
            }
            let kinds = first.seen.requests.map(\.kind)
            #expect(kinds.contains(.revoke) && !kinds.contains(.lost))
            // A refused commit excludes the member until it has joined again: requests have no metadata meanwhile.
            let generations = first.seen.requests.compactMap { $0.groupMetadata?.generation }
            #expect(generations == generations.sorted())
            #expect(Set(generations).count > 1)
            await secondConsumer.close()
            await firstConsumer.close()
        }
    }

    /// The group excludes the first member while that waits in a revocation. librdkafka joins again as another member,
    /// which claims the partitions that stay.
    @Test func partitionsThatStayAreReportedAfterTheirMemberWasExcluded() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("jobs", partitions: 4)
            let pending = Box<KafkaRebalanceRequest?>(nil)
            let first = RecordingHandler { request in
                guard request.kind == .revoke, pending.value == nil else { return request.complete() }
                pending.value = request
            }
            let firstConsumer = try consumer(kafka, first)
            try await firstConsumer.subscribe(["jobs"])
            try await eventually("the first assignment") { first.seen.held.count == 4 }
            let before = try #require(first.seen.metadata?.memberID)
            let secondConsumer = try consumer(kafka, RecordingHandler())
            try await secondConsumer.subscribe(["jobs"])
            try await eventually("the revocation") { pending.value != nil }
            let revocation = try #require(pending.value)
            #expect(revocation.groupMetadata?.memberID == before)
            let staying = first.seen.held
            #expect(staying.count == 2)

            // A refused commit has librdkafka forget the member's id, as a refused heartbeat does.
            try kafka.pushErrors(.offsetCommit, [.unknownMemberID])
            await #expect(throws: KafkaError.self) {
                try await firstConsumer.commit(revocation.partitions.map { KafkaTopicPartitionOffset($0, offset: 0) })
            }
            revocation.complete()
            func later() -> [KafkaRebalanceRequest] {
                first.seen.requests.drop { $0 !== revocation }.dropFirst().map { $0 }
            }
            try await eventually("another membership") { later().contains { $0.groupMetadata != nil } }
            #expect(later().first?.kind == .assign)
            #expect(later().first?.groupMetadata == nil)
            let joined = try #require(later().first { $0.groupMetadata != nil })
            #expect(joined.groupMetadata?.memberID != before)
            // The group leaves them to the new member or not; either way their state may be old.
            let reported = later().flatMap { $0.kind == .lost ? $0.partitions : $0.interrupted }
            #expect(Set(reported).isSuperset(of: staying))
            await secondConsumer.close()
            await firstConsumer.close()
        }
    }

    private func checkNothingIsMissing(
        _ handlers: [RecordingHandler],
        _ partition: KafkaTopicPartition,
        sent: Int,
        inOrder: Bool
    ) {
        let all = handlers.flatMap(\.seen.records)
        let offsets = Set(all.filter { $0.topicPartition == partition }.map(\.offset))
        let missing = (0..<Int64(sent)).filter { !offsets.contains($0) }
        #expect(missing.isEmpty, "partition \(partition.partition)")
        // Each member sees every record once and in order.
        for handler in handlers {
            let own = handler.seen.records.filter { $0.topicPartition == partition }.map(\.offset)
            let jumps = zip(own, own.dropFirst()).filter { $1 != $0 + 1 }
            #expect(jumps.isEmpty || !inOrder, "partition \(partition.partition)")
        }
    }

    @Test func revocationWaitsUntilItIsCompleted() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("jobs", partitions: 2)
            let partition = KafkaTopicPartition(topic: "jobs", partition: 0)
            let pending = Mutex<KafkaRebalanceRequest?>(nil)
            let handler = RecordingHandler { request in
                if request.kind == .revoke { pending.withLock { $0 = request } } else { request.complete() }
            }
            let consumer = try consumer(kafka, handler)
            try await consumer.subscribe(["jobs"])
            try await eventually("the assignment") { handler.seen.held.count == 2 }

            let isClosed = Mutex(false)
            let closing = Task {
                await consumer.close()
                isClosed.withLock { $0 = true }
            }
            try await eventually("the revocation") { pending.withLock { $0 != nil } }
            // The consumer waits, and still does what finishing takes.
            try await consumer.pause([partition])
            try await consumer.commit([KafkaTopicPartitionOffset(partition, offset: 7)])
            #expect(try await consumer.assignment().count == 2)
            // librdkafka cannot read offsets while it leaves the group: the call fails instead of waiting.
            let error = await #expect(throws: KafkaError.self) { _ = try await consumer.committed([partition]) }
            #expect(error?.fault == .closed)
            #expect(!isClosed.withLock { $0 })
            pending.withLock { $0?.complete() }
            await closing.value
            #expect(isClosed.withLock { $0 })
            #expect(handler.seen.abandoned.isEmpty)
        }
    }

    @Test func rebalanceContinuesWhenARequestIsNeverCompleted() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("jobs", partitions: 1)
            let partition = KafkaTopicPartition(topic: "jobs", partition: 0)
            try await produce(["waiting"], to: partition, kafka.configuration())
            let handler = RecordingHandler { _ in }
            let consumer = try consumer(kafka, handler, timeout: .milliseconds(300))
            try await consumer.subscribe(["jobs"])
            try await eventually("that it gave up waiting") { handler.seen.abandoned.count == 1 }
            #expect(handler.seen.abandoned.first?.kind == .assign)
            // Without an answer the partition begins paused; it can be resumed later.
            #expect(handler.seen.records.isEmpty)
            try await consumer.resume([partition])
            try await eventually("the record") { handler.seen.records.count == 1 }
            await consumer.close()
            #expect(handler.seen.abandoned.last?.kind == .revoke)
        }
    }
}

/// Commits what a handler has received of the revoked partitions, then completes the request.
private final class Committer: Sendable {
    /// The consumer owns its handler, which owns this.
    private struct Parties {
        weak var consumer: KafkaConsumer?
        weak var handler: RecordingHandler?
    }

    private let parties = Mutex(Parties())

    func attach(_ consumer: KafkaConsumer, _ handler: RecordingHandler) {
        parties.withLock { $0 = Parties(consumer: consumer, handler: handler) }
    }

    func commitAndComplete(_ request: KafkaRebalanceRequest) {
        let (consumer, handler) = parties.withLock { ($0.consumer, $0.handler) }
        guard request.kind == .revoke, let consumer, let handler else {
            request.complete()
            return
        }
        Task {
            var offsets: [KafkaTopicPartition: Int64] = [:]
            for record in handler.seen.records where request.partitions.contains(record.topicPartition) {
                offsets[record.topicPartition] = record.offset + 1
            }
            do throws(KafkaError) {
                try await consumer.commit(offsets.map { KafkaTopicPartitionOffset($0.key, offset: $0.value) })
            } catch {
                // The embedded broker refuses commits while its group is rebalancing; the records are repeated then.
                #expect(error.fault == .staleGeneration)
            }
            request.complete()
        }
    }
}
