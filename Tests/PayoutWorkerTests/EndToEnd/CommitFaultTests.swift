import EmbeddedKafka
import Testing
import TestSupport
import WorkerKafka

@testable import payout_worker

extension FaultsEndToEnd {
    /// Faults at the brokers that prevent a worker from joining its group or committing: the reasons at `/readyz`, and that
    /// jobs are completed after the fault.
    @Suite struct CommitFaultTests {
        private static func forever(_ error: EmbeddedKafka.InjectedError) -> [EmbeddedKafka.InjectedError] {
            [EmbeddedKafka.InjectedError](repeating: error, count: 100_000)
        }

        @Test func groupOfAnotherApplicationIsReportedUntilItIsFree() async throws {
            try await WorkerFixture.with { fixture in
                try fixture.broker.pushErrors(.joinGroup, Self.forever(.inconsistentGroupProtocol))
                let worker = try await RunningWorker(fixture.environment)
                let reason = try await worker.reports(
                    "groupInUse",
                    "Another application uses the group id 'payout-export-workers'"
                )
                #expect(reason.remedy.contains("KAFKA_GROUP_ID"))
                #expect(try await !worker.console.isReady())
                try fixture.broker.clearErrors(.joinGroup)
                try await worker.becomesReady()
                #expect(try await worker.console.reason("groupInUse") == nil)
                try await fixture.enqueue("after")
                try await fixture.completes("after")
                try await worker.stop()
            }
        }

        @Test func revokedRightOnTheTransactionalIDIsReportedUntilItIsGranted() async throws {
            try await WorkerFixture.with { fixture in
                let worker = try await RunningWorker(fixture.environment)
                try await worker.becomesReady()
                try await fixture.enqueue("before")
                try await fixture.completes("before")
                let requests: [EmbeddedKafka.API] = [
                    .addPartitionsToTransaction, .addOffsetsToTransaction, .transactionOffsetCommit, .endTransaction,
                    .initProducerID,
                ]
                for request in requests {
                    // The command's own producer needs an id too, so this request is refused only from here on.
                    if request == .initProducerID { try await fixture.enqueue("meanwhile") }
                    try fixture.broker.pushErrors(request, Self.forever(.transactionalIDAuthorizationFailed))
                }
                let reason = try await worker.reports(
                    "producerNotReady",
                    "Kafka denies this worker the transactional id 'payout-export-worker.payout-export-workers."
                )
                #expect(reason.remedy.contains("the right Write and Describe on transactional ids"))
                #expect(try await !worker.console.isReady())
                for request in requests { try fixture.broker.clearErrors(request) }
                try await worker.becomesReady()
                try await fixture.enqueue("after")
                try await fixture.completes("before", "meanwhile", "after")
                try await worker.stop()
            }
        }

        @Test func hangingTransactionIsReportedUntilItEnds() async throws {
            try await WorkerFixture.with { fixture in
                try fixture.broker.pushErrors(.initProducerID, Self.forever(.concurrentTransactions))
                let worker = try await RunningWorker(fixture.environment)
                let reason = try await worker.reports("producerNotReady", "does not end")
                #expect(reason.remedy.contains("kafka-transactions.sh"))
                #expect(try await !worker.console.isReady())
                // The worker uses another id, which a hanging transaction does not block at a real coordinator.
                try await worker.reports("producerNotReady", "~1' does not end")
                try fixture.broker.clearErrors(.initProducerID)
                try await worker.becomesReady()
                try await fixture.enqueue("after")
                try await fixture.completes("after")
                try await worker.stop()
            }
        }

        /// The remaining broker has the jobs and the group. The unreachable ones have the transactions and the written topics.
        @Test func workerThatCannotCommitIsNotReadyUntilItsBrokersAreBack() async throws {
            try await WorkerFixture.with(partitions: 1, brokers: 3) { fixture in
                let id = "payout-export-worker.trio.trio"
                try fixture.broker.setCoordinator(of: .group, "trio", broker: 1)
                for name in [id, "\(id)~1", "\(id)~2"] {
                    try fixture.broker.setCoordinator(of: .transaction, name, broker: 2)
                }
                try fixture.broker.setLeader(topic: fixture.topics.jobs, partition: 0, broker: 1)
                for topic in fixture.topics.written {
                    try fixture.broker.setLeader(topic: topic, partition: 0, broker: 3)
                }
                var environment = fixture.environment
                environment["KAFKA_GROUP_ID"] = "trio"
                environment["WORKER_ID"] = "trio"
                let worker = try await RunningWorker(environment)
                try await worker.becomesReady()
                try await fixture.enqueue("before")
                try await fixture.completes("before")

                for broker: Int32 in [2, 3] { try fixture.broker.takeDown(broker: broker) }
                try await fixture.enqueue("meanwhile-1", "meanwhile-2")
                // The code depends on how long the brokers have been down.
                let codes: Set = ["kafkaUnreachable", "producerNotReady", "commitsFailing", "commitStuck"]
                try await eventually("the worker is not ready and reports the reason") {
                    let reasons = try await worker.console.reasons("readyz")
                    let names = reasons.contains { codes.contains($0.code) && $0.remedy.contains("broker") }
                    let isReady = try await worker.console.isReady()
                    return names && !isReady
                }

                for broker: Int32 in [2, 3] { try fixture.broker.bringUp(broker: broker) }
                try await worker.becomesReady()
                try await fixture.enqueue("after")
                try await fixture.completes("before", "meanwhile-1", "meanwhile-2", "after")
                try await worker.stop()
            }
        }
    }
}
