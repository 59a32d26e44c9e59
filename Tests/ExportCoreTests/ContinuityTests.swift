import Testing

@testable import ExportCore

/// Topics that were replaced or truncated since the state was written.
@Suite("Continuity of topics")
struct ContinuityTests {
    private let origin = StateRecord.origin(StateOrigin(position: JobsPosition(generation: 1)))

    private func position(_ offset: Int64, generation: UInt32 = 1, timestamp: Int64? = nil) -> StateRecord {
        .position(JobsPosition(generation: generation, offset: offset, timestamp: timestamp))
    }

    private func job(_ id: String, _ offset: Int64, generation: UInt32 = 1) -> StateRecord {
        .job(
            JobRecord(
                job: ExportJob(id: id, kind: .payments),
                offset: offset,
                phase: .waiting,
                attempt: 1,
                requestID: "request-\(id)",
                times: JobTimes(accepted: .at(0), submitted: .at(0)),
                generation: generation
            )
        )
    }

    /// Assigns a partition with this state. Returns where it starts, or why it stops.
    private func restore(
        _ records: [StateRecord],
        committed: Int64? = nil,
        high: Int64 = 1_000,
        stateLow: Int64 = 0
    ) -> (start: JobsPosition?, stop: StopReason?, bench: Bench) {
        var bench = Bench()
        bench.handle(.lost([0]))
        bench.actions = []
        bench.assign(0, epoch: 2, records, committed: committed, high: high, stateLow: stateLow)
        var (start, stop): (JobsPosition?, StopReason?)
        for action in bench.actions {
            if case .start(0, 2, let from) = action { start = from }
            if case .report(.stopped(0, 2, let reason)) = action { stop = reason }
        }
        let isStopped = bench.actions.contains { if case .stopped(0, 2) = $0 { true } else { false } }
        #expect(isStopped == (stop != nil))
        #expect((start == nil) == isStopped)
        return (start, stop, bench)
    }

    // MARK: The state topic

    @Test func groupWithoutCommittedOffsetStartsWithEmptyState() {
        #expect(restore([]).start?.offset == 0)
        #expect(restore([], committed: 0).start?.offset == 0)
        #expect(
            restore([]).bench.batches.flatMap(\.records).contains {
                if case .state(0, .origin) = $0 { true } else { false }
            }
        )
    }

    @Test func committedOffsetWithEmptyStateStopsPartition() {
        #expect(restore([], committed: 7).stop == .stateMissing(committed: 7))
    }

    @Test func stateBeginningAboveItsOriginStopsPartition() {
        #expect(restore([origin, position(9)], stateLow: 3).stop == .stateTruncated(start: 3))
        #expect(restore([], stateLow: 3).stop == .stateTruncated(start: 3))
        // After a recovery with that start it continues, until it is truncated again.
        let recovered = StateRecord.origin(StateOrigin(position: JobsPosition(generation: 2, offset: 4), stateStart: 3))
        #expect(restore([recovered], stateLow: 3).start?.offset == 4)
        #expect(restore([recovered], stateLow: 5).stop == .stateTruncated(start: 5))
    }

    @Test func stateWithoutOriginStopsPartition() {
        #expect(restore([position(9)]).stop == .stateIncomplete)
        #expect(restore([job("a", 4)]).stop == .stateIncomplete)
        // The origin of its generation is missing, and an earlier one remains.
        #expect(restore([origin, position(9, generation: 2)]).stop == .stateIncomplete)
    }

    @Test func stateOfOlderWorkersWithoutOriginContinuesAndGetsOrigin() throws {
        let (start, _, bench) = restore([job("a", 4, generation: 0), position(9, generation: 0)], committed: 9)
        #expect(start?.offset == 9)
        let origins = bench.batches.flatMap(\.records).compactMap {
            if case .state(0, .origin(let origin)) = $0 { origin } else { nil }
        }
        #expect(origins == [StateOrigin(position: JobsPosition(generation: 1, offset: 9))])
        #expect(bench.phase("a") == .waiting)
    }

    @Test func logThatDropsOldStateStartsWithoutOrigin() {
        var bench = Bench()
        bench.handle(.lost([0]))
        bench.handle(.assigned(partition: 0, epoch: 2))
        bench.handle(.restored(partition: 0, epoch: 2, [position(9)]))
        let ends = RestoredEnds(committed: nil, low: 0, high: 10, stateLow: 3, dropsOldState: true)
        bench.handle(.restoreFinished(partition: 0, epoch: 2, ends))
        #expect(bench.worker.lifecycle(of: 0) == .active)
    }

    // MARK: The jobs topic

    @Test func positionBeyondEndOfJobsTopicStopsPartition() {
        let stop = restore([origin, position(9)], high: 8).stop
        #expect(stop == .jobsEndBelowPosition(position: 9, end: 8))
    }

    @Test func startCarriesTimestampOfNewestDecidedRecord() {
        let mark = JobsMark(offset: 8, timestamp: 77)
        #expect(restore([origin, position(9, timestamp: 77)]).start?.marks == [mark, mark])
        // An older record has no effect on a newer position.
        #expect(restore([origin, position(9, timestamp: 77), job("a", 20)]).start?.marks == [])
    }

    @Test func positionCarriesTimestampOfNewestDecidedRecord() {
        var bench = Bench()
        bench.handle(
            .received(
                partition: 0,
                epoch: 1,
                [
                    input(0, export("a"), timestamp: 500), input(1, export("b"), timestamp: 600),
                    input(2, cancel("nothing"), timestamp: 700),
                ]
            )
        )
        var state = StateInspection(partition: 0)
        for batch in bench.batches {
            for case .state(0, let record) in batch.records { state.apply(record) }
        }
        #expect(state.position.newest == JobsMark(offset: 2, timestamp: 700))
        #expect(state.openJobs == 2)
    }

    /// Between two checks records of another topic may be decided. Their position carries a mark that was checked.
    @Test func positionCarriesMarkOfRecordThatWasFoundAgain() {
        var bench = Bench()
        func state() -> StateInspection {
            var state = StateInspection(partition: 0)
            for batch in bench.batches { for case .state(0, let record) in batch.records { state.apply(record) } }
            return state
        }
        bench.handle(.received(partition: 0, epoch: 1, [input(0, export("a"), timestamp: 500)]))
        bench.handle(.received(partition: 0, epoch: 1, [input(1, export("b"), timestamp: 600)]))
        bench.commitAll()
        #expect(state().position.marks.first == JobsMark(offset: 0, timestamp: 500), "nothing was checked yet")
        bench.handle(.anchored(partition: 0, epoch: 1, JobsMark(offset: 1, timestamp: 600)))
        bench.handle(.received(partition: 0, epoch: 1, [input(2, cancel("nothing"), timestamp: 10_000)]))
        bench.commitAll()
        #expect(state().position.marks.first == JobsMark(offset: 1, timestamp: 600))
        #expect(state().position.newest == JobsMark(offset: 2, timestamp: 10_000))
    }

    @Test func replacedJobsPartitionStopsAndDropsGatheredDecisions() {
        var bench = Bench()
        bench.enqueue(export("a"))
        bench.handle(.discontinuity(partition: 0, epoch: 7, .jobsReplaced(offset: 3)))
        #expect(bench.worker.lifecycle(of: 0) == .active, "an event of an ended assignment has no effect")
        bench.handle(.discontinuity(partition: 0, epoch: 1, .jobsReplaced(offset: 3)))
        #expect(bench.worker.lifecycle(of: 0) == .stopped(reason: .jobsReplaced(offset: 3)))
        bench.commitAll()
        #expect(bench.calls.isEmpty)
        bench.enqueue(export("b"))
        #expect(bench.phase("b") == nil)
        #expect(bench.worker.status().intakePauses.isEmpty)
    }

    // MARK: Recovery

    @Test func recoverySupersedesOldPositionsAndKeepsJobs() {
        let old = [origin, job("a", 500), position(600, timestamp: 9)]
        var state = StateInspection(partition: 0)
        for record in old { state.apply(record) }
        #expect(state.stopReason(RestoredEnds(committed: 600, low: 0, high: 20)) != nil)
        let recovery = state.recovery(from: 0, timestamp: nil, stateStart: 0)
        var (start, stop, bench) = restore(old + [recovery], committed: 600, high: 20)
        #expect(stop == nil)
        #expect(start == JobsPosition(generation: 2, offset: 0), "no mark of the previous topic is left")
        #expect(bench.phase("a") == .waiting)
        // The same id at a lower offset of the new topic is a duplicate, or a conflict if its content differs.
        bench.commitAll()
        bench.actions = []
        bench.handle(
            .received(partition: 0, epoch: 2, [input(0, export("a")), input(1, export("a") { $0.filter = "other" })])
        )
        #expect(bench.reports.contains { if case .duplicate(0, "a", _) = $0 { true } else { false } })
        #expect(bench.events.map(\.status) == [.rejected])
        // A later restore continues in the new topic.
        bench.commitAll()
        let written = bench.batches.flatMap(\.records).compactMap {
            if case .state(0, let record) = $0 { record } else { nil }
        }
        #expect(restore(old + [recovery] + written, committed: 2, high: 20).start?.offset == 2)
    }

    @Test func forgottenJobOfEarlierTopicDoesNotMovePosition() {
        var bench = Bench { $0.deduplicationWindow = .seconds(100) }
        bench.handle(.lost([0]))
        let finished = JobRecord(
            job: ExportJob(id: "a", kind: .payments),
            offset: 500,
            phase: .finished,
            times: JobTimes(accepted: .at(0), finished: bench.now.wall),
            status: .cancelled,
            generation: 1
        )
        let recovery = StateRecord.origin(StateOrigin(position: JobsPosition(generation: 2, offset: 3)))
        bench.assign(0, epoch: 2, [origin, .job(finished), recovery], high: 20)
        bench.commitAll()
        bench.actions = []
        bench.wait(200)
        let records = bench.batches.flatMap(\.records)
        #expect(records.contains { if case .state(0, .forgotten("a")) = $0 { true } else { false } })
        #expect(!records.contains { if case .state(0, .position) = $0 { true } else { false } })
        #expect(bench.batches.last?.positions.map(\.offset) == [3])
    }
}
