import Testing

@testable import ExportCore

@Suite("Table of pauses") struct PauseTableTests {
    private let accounts = ["default"]

    private func pause(until seconds: Double, calls: Bool = false) -> JobPause {
        JobPause(until: .at(seconds), holdsCalls: calls)
    }

    @Test func renewalDoesNotChangeWhatIsHeld() {
        var table = PauseTable()
        table.set([pause(until: 60)], accounts: accounts)
        let renewal = table.beginEnd(of: [pause(until: 60)])
        table.set([pause(until: 120)], accounts: accounts)
        let renewalChanges = table.committed(renewal, accounts: accounts)
        #expect(!renewalChanges)
        #expect(table.holds(.create, account: 0, kind: .payments))
        let end = table.beginEnd(of: table.pauses)
        table.set([], accounts: accounts)
        #expect(table.holds(.create, account: 0, kind: .payments))
        let endChanges = table.committed(end, accounts: accounts)
        #expect(endChanges)
        #expect(table.isEmpty)
    }

    @Test func alternatingCommandsKeepOneEndOfEach() {
        var table = PauseTable()
        var first: UInt32?
        for number in 0..<1_000 {
            let old = table.pauses
            let revision = table.beginEnd(of: old)
            if first == nil { first = revision }
            table.set([pause(until: 60, calls: number % 2 == 0)], accounts: accounts)
        }
        #expect(table.ending.count == 2)
        // The later ends are not committed.
        let isChanged = table.committed(first ?? 0, accounts: accounts)
        #expect(!isChanged)
        #expect(table.holds(.poll, account: 0, kind: .payments))
    }

    @Test func renewalLeavesCallsParked() {
        var bench = Bench()
        bench.enqueue(.pause(pause(until: 3_600)))
        bench.enqueue(export("cancelled"), export("job"))
        bench.commitAll()
        bench.enqueue(cancel("cancelled"))
        bench.commitAll()
        // A call that was queued again would be parked only if its job still waited for it.
        let parked = bench.worker.slots[0]?.machine.pauses.parked
        #expect(parked?.count == 2)
        bench.enqueue(.pause(pause(until: 7_200)))
        bench.commitAll()
        #expect(bench.worker.slots[0]?.machine.pauses.parked == parked)
        #expect(bench.calls.isEmpty)
        bench.enqueue(.resume(PauseTarget()))
        bench.commitAll()
        #expect(bench.calls.map(\.job.id) == ["job"])
    }

    @Test func batchKeepsNewestEndOfPartition() {
        var gatherer = BatchGatherer(CoreConfiguration())
        for revision in 1...3 as ClosedRange<UInt32> {
            for partition in 0...1 as ClosedRange<Int32> {
                var decisions = Decisions()
                decisions.endOfPauses = revision
                let position = CommitBatch.Position(partition: partition, epoch: 1, offset: Int64(revision))
                gatherer.add(decisions, position: position, at: .at(0))
            }
        }
        #expect(gatherer.gathering.endsOfPauses.map(\.revision) == [3, 3])
    }
}
