import Testing

@testable import ExportCore

/// Batches of a log without transactions, which may be stored in part and sent again.
@Suite struct CollapsedBatchTests {
    /// A batch that is sent again after a part of it was stored would delete the new job with its tombstone.
    @Test func tombstoneIsOmittedWhereItsIDIsUsedAgainWithoutTransactions() throws {
        func configure(_ configuration: inout CoreConfiguration) {
            configuration.commitsAreAtomic = false
            configuration.commitInterval = .seconds(1)
        }
        var bench = Bench(configure)
        bench.enqueue(export("job") { $0.deadline = .at(-5) })
        bench.wait(1)
        bench.commitAll()
        bench.wait(24 * 3_600)
        bench.enqueue(export("job") { $0.notBefore = .at(48 * 3_600) })
        bench.wait(1)
        let states = bench.batches.flatMap(\.records).compactMap { record -> StateRecord? in
            if case .state(_, let state) = record { state } else { nil }
        }
        #expect(!states.contains { if case .forgotten = $0 { true } else { false } })
        bench.commitAll()

        var successor = Bench(configure)
        successor.handle(.lost([0]))
        successor.assign(0, epoch: 2, states, committed: 2)
        #expect(successor.phase("job") == .accepted)
        #expect(successor.worker.record(ofJob: "job")?.record.job.notBefore == .at(48 * 3_600))
    }
}
