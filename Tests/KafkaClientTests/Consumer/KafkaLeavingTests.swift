import EmbeddedKafka
import Primitives
import Testing
import TestSupport

@testable import KafkaClient

/// A member that leaves accepts no assignment, whenever it arrives.
@Suite struct KafkaLeavingTests {
    private let partitions = (Int32(0)..<4).map { KafkaTopicPartition(topic: "jobs", partition: $0) }

    private func consumer(
        _ kafka: EmbeddedKafka,
        _ handler: GatedHandler,
        _ log: LogCapture = LogCapture(),
        _ properties: [String: String] = [:],
        timeout: Duration = .seconds(3_600)
    ) throws -> KafkaConsumer {
        var options = KafkaConsumer.Options()
        options.rebalanceTimeout = timeout
        let own = ["session.timeout.ms": "6000", "heartbeat.interval.ms": "500", "debug": "cgrp"]
        return try KafkaConsumer(
            configuration: kafka.configuration(own.merging(properties) { $1 }),
            groupID: "workers",
            options: options,
            handler: handler,
            logger: log.logger
        )
    }

    /// Begins to close the consumer while its thread is held up, and lets the thread continue afterwards.
    private func close(_ consumer: KafkaConsumer, _ handler: GatedHandler) async throws {
        async let closed: Void = consumer.close()
        try await eventually("the closing began") { consumer.condition.withLock { consumer.phase != .open } }
        handler.open()
        await closed
    }

    @Test(arguments: ["cooperative-sticky", "range"], ["", "mine"])
    func assignmentThatWaitsWhenTheMemberLeavesIsDeclined(_ strategy: String, _ instance: String) async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("jobs", partitions: 4)
            let (handler, log) = (GatedHandler(), LogCapture())
            let properties = [
                "partition.assignment.strategy": strategy, "group.instance.id": instance,
                "reconnect.backoff.max.ms": "200",
            ]
            let consumer = try consumer(kafka, handler, log, properties.filter { !$0.value.isEmpty })
            // The thread is held up before there can be an assignment.
            try kafka.takeDown()
            try await consumer.subscribe(["jobs"])
            handler.shut()
            try await eventually("the thread is held up") { handler.holds }
            try kafka.bringUp()
            try await eventually("the assignment waits") { log.contains("of 4 partition(s) to application") }
            #expect(handler.seen.requests.isEmpty)
            try await close(consumer, handler)
            #expect(handler.seen.requests.isEmpty)
            #expect(handler.seen.records.isEmpty && handler.seen.abandoned.isEmpty)
            #expect(log.hasLeft == instance.isEmpty)
        }
    }

    /// A member that has been assigned partitions before leaves while the group gives it more. librdkafka then leaves only
    /// after the assignment, and one that is accepted waits for the offsets of partitions with an open transaction.
    @Test func laterAssignmentThatWaitsWhenTheMemberLeavesIsDeclined() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("jobs", partitions: 4)
            let (first, second, log) = (GatedHandler(), GatedHandler(), LogCapture())
            let (firstConsumer, secondConsumer) = (try consumer(kafka, first, log), try consumer(kafka, second))
            try await firstConsumer.subscribe(["jobs"])
            try await eventually("the first assignment") { first.seen.held.count == 4 }
            try await secondConsumer.subscribe(["jobs"])
            try await eventually("a share for each") {
                first.seen.held.count == 2 && second.seen.held.count == 2
            }
            try kafka.pushErrors(.offsetFetch, Array(repeating: .unstableOffsetCommit, count: 100_000))
            first.shut()
            await secondConsumer.close()
            try await eventually("the assignment waits") { log.contains("assign of 2 partition(s) to application") }
            let before = first.seen.requests.count
            try await close(firstConsumer, first)
            #expect(first.seen.requests.dropFirst(before).map(\.kind) == [.revoke])
            #expect(first.seen.requests.last?.partitions.count == 2)
            #expect(first.seen.held.isEmpty && log.hasLeft)
        }
    }

    @Test func revocationThatWaitsWhenTheMemberLeavesReachesTheHandler() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("jobs", partitions: 4)
            let (first, log) = (GatedHandler(), LogCapture())
            let firstConsumer = try consumer(kafka, first, log)
            try await firstConsumer.subscribe(["jobs"])
            try await eventually("the first assignment") { first.seen.held.count == 4 }
            first.shut()
            let second = GatedHandler()
            let secondConsumer = try consumer(kafka, second)
            try await secondConsumer.subscribe(["jobs"])
            try await eventually("the revocation waits") { log.contains("revoke of 2 partition(s) to application") }
            try await close(firstConsumer, first)
            #expect(first.seen.held.isEmpty && first.seen.abandoned.isEmpty)
            // The empty assignment that follows a revocation is declined too.
            #expect(first.seen.requests.map(\.kind) == [.assign, .revoke, .revoke])
            #expect(first.seen.requests.dropFirst().allSatisfy { $0.groupMetadata != nil && $0.partitions.count == 2 })
            #expect(log.hasLeft)
            await secondConsumer.close()
        }
    }

    /// The group has answered the request to join, and the assignment is on its way.
    @Test(arguments: ["", "mine"])
    func assignmentThatArrivesWhileTheMemberLeavesIsDeclined(_ instance: String) async throws {
        var roundTrip: Duration = .milliseconds(500)
        // A slow machine may see the member's id only after the assignment: then the test repeats over a slower network.
        while try await !arrivesWhileLeaving(instance, roundTrip) { roundTrip *= 2 }
    }

    /// - Returns: whether the assignment was still on its way when the closing began.
    private func arrivesWhileLeaving(_ instance: String, _ roundTrip: Duration) async throws -> Bool {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("jobs", partitions: 4)
            let (handler, log) = (GatedHandler(), LogCapture())
            let consumer = try consumer(kafka, handler, log, instance.isEmpty ? [:] : ["group.instance.id": instance])
            let client = try #require(consumer.handle)
            try kafka.setRoundTripTime(roundTrip)
            try await consumer.subscribe(["jobs"])
            try await eventually("the join's answer") { !client.memberID.isEmpty }
            let isOnItsWay = !log.contains("of 4 partition(s) to application")
            if !isOnItsWay { try kafka.setRoundTripTime(.zero) }
            await consumer.close()
            if isOnItsWay { #expect(handler.seen.requests.isEmpty) }
            return isOnItsWay
        }
    }

    /// Without the bound, the consumer would wait for an hour.
    @Test(.timeLimit(.minutes(30)))
    func closingDoesNotWaitForARevocationThatIsNeverCompleted() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("jobs", partitions: 4)
            let handler = GatedHandler { if $0.kind == .assign { $0.complete() } }
            let log = LogCapture()
            let consumer = try consumer(kafka, handler, log)
            try await consumer.subscribe(["jobs"])
            try await eventually("the assignment") { handler.seen.held.count == 4 }
            await consumer.close(within: .seconds(2))
            try await eventually("the revocation is given up") { handler.seen.abandoned.count == 1 }
            #expect(handler.seen.abandoned.first?.kind == .revoke)
            try await eventually("the member leaves all the same") { log.hasLeft }
        }
    }

    @Test(.timeLimit(.minutes(30)))
    func closingDoesNotWaitForAHandlerThatDoesNotReturn() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("jobs", partitions: 4)
            let (handler, log) = (GatedHandler(), LogCapture())
            let consumer = try consumer(kafka, handler, log)
            try await consumer.subscribe(["jobs"])
            try await eventually("the assignment") { handler.seen.held.count == 4 }
            handler.shut()
            try await eventually("the thread is held up") { handler.holds }
            await consumer.close(within: .milliseconds(100))
            let error = await #expect(throws: KafkaError.self) { _ = try await consumer.assignment() }
            #expect(error?.fault == .closed)
            // The end of the membership is no event for a handler whose consumer is closed.
            handler.open()
            try await eventually("the member leaves later") { log.hasLeft }
            #expect(handler.seen.requests.map(\.kind) == [.assign])
        }
    }

    /// The handler keeps the assignment for itself, such as during a restore, when the consumer is closed.
    @Test(.timeLimit(.minutes(30)))
    func closingDoesNotWaitForTheCompletionOfAnAssignment() async throws {
        try await withEmbeddedKafka { kafka in
            try kafka.createTopic("jobs", partitions: 4)
            let handler = GatedHandler { if $0.kind != .assign { $0.complete() } }
            let consumer = try consumer(kafka, handler)
            try await consumer.subscribe(["jobs"])
            try await eventually("the assignment") { handler.seen.requests.count == 1 }
            await consumer.close()
            #expect(handler.seen.requests.map(\.kind) == [.assign, .revoke])
            #expect(handler.seen.abandoned.isEmpty && handler.seen.held.isEmpty)
        }
    }
}
