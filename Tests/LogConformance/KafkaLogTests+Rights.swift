import EmbeddedKafka
import ExportCore
import KafkaClient
import Testing
import TestSupport
import WorkerRuntime

@testable import WorkerKafka

/// The right on the transactional id is withdrawn while the worker runs, and given back.
extension KafkaLogTests {
    /// A coordinator refuses the first request that follows, whichever it is; every one of them ends the producer.
    @Test(arguments: [
        EmbeddedKafka.API.addPartitionsToTransaction, .addOffsetsToTransaction, .transactionOffsetCommit,
        .endTransaction,
    ])
    func commitsContinueWhenAWithdrawnRightOnTheTransactionalIDIsGivenBack(refused: EmbeddedKafka.API) async throws {
        let setting = try Setting()
        let (log, sink) = try await restored(setting)
        log.commit(commit(1, sink))
        try await eventually("the first commit") { sink.now.committed == [1] }
        let epoch = try #require(sink.now.assigned[0])
        let denials = [EmbeddedKafka.InjectedError](repeating: .transactionalIDAuthorizationFailed, count: 100_000)
        for request in [refused, .initProducerID] { try setting.broker.pushErrors(request, denials) }
        log.commit(commit(2, sink))
        try await eventually("the commit is not taken for stored") { sink.now.commitFailures[2] != nil }
        try await eventually("the denial is reported") {
            sink.now.producer.last??.cause == .transactionalIDRights
        }
        let problem = try #require(sink.now.producer.last ?? nil)
        #expect(problem.subject == "payout-export-worker.log.one")
        #expect(problem.rights == ["Write", "Describe"])
        #expect(sink.now.lost == [0], "what is stored is not known: the partition is restored")
        for request in [refused, .initProducerID] { try setting.broker.clearErrors(request) }
        try await eventually("restored under another epoch") {
            guard let next = sink.now.assigned[0], next > epoch else { return false }
            return sink.now.ready[0]?.epoch == next
        }
        #expect(sink.now.producer.last == .some(nil), "ready again, and reported")
        try await store(commit(3, sink), log, sink)
        #expect(!sink.now.committed.contains(2))
        #expect(sink.now.failure == nil)
        await close(log, sink)
        setting.broker.close()
    }
}
