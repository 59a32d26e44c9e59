import Testing

@testable import ExportCore

/// Many jobs whose time comes at once, as at midnight or after a long downtime.
@Suite struct DueTimersTests {
    private static let count = 500

    /// Two partitions with jobs that begin in ten seconds.
    private func bench() -> Bench {
        var bench = Bench(partitions: 2) { $0.maxBatchRecords = 20 }
        let begin = bench.now.wall.advanced(by: .seconds(10))
        for partition: Int32 in 0...1 {
            for number in 0..<Self.count {
                bench.enqueue(export("\(partition)-\(number)") { $0.notBefore = begin }, partition: partition)
            }
        }
        bench.commitAll()
        bench.actions = []
        return bench
    }

    @Test func noBatchGrowsBeyondATransactionWhileTheOneBeforeIsInFlight() {
        var bench = bench()
        bench.wait(10)
        for _ in 0..<1_000 { bench.handle(.tick) }
        #expect(bench.batches.count == 1)
        #expect(bench.worker.nextWake(after: bench.now) == nil, "nothing can be decided before the commit")
        bench.handle(.committed(batch: bench.batches[0].id))
        for _ in 0..<1_000 { bench.handle(.tick) }
        #expect(bench.batches.count == 2)
        // A commit that fails is sent again; it grows no more.
        bench.handle(.commitFailed(batch: bench.batches[1].id))
        for _ in 0..<1_000 { bench.wait(0.01) }
        #expect(bench.batches.allSatisfy { $0.records.count <= 50 }, "\(bench.batches.map(\.records.count))")
    }

    @Test func everyTimerFiresAndNoPartitionWaitsForTheOther() {
        var bench = bench()
        bench.wait(10)
        var submitted: [Int32: Int] = [:]
        var committed = 0
        for _ in 0..<500 {
            for batch in bench.batches[committed...] {
                committed += 1
                for record in batch.records {
                    if case .state(let partition, .job) = record { submitted[partition, default: 0] += 1 }
                }
                bench.handle(.committed(batch: batch.id))
            }
            bench.handle(.tick)
            let (first, second) = (submitted[0] ?? 0, submitted[1] ?? 0)
            #expect(abs(first - second) <= 120, "\(first) and \(second)")
        }
        #expect(submitted == [0: Self.count, 1: Self.count])
    }
}
