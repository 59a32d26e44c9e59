import Testing

@testable import ExportCore

/// Jobs that are announced together.
@Suite struct JobBatchTests {
    func member(_ id: String, of size: Int = 2, batch: String = "b") -> JobInput.Content {
        export(id) { $0.batch = JobBatch(id: batch, size: size) }
    }

    /// A worker without a file store whose exports are done at once.
    func bench(_ configure: (inout CoreConfiguration) -> Void = { _ in }) -> Bench {
        Bench { configuration in
            configuration.deduplicationWindow = .seconds(3_600)
            configuration.jobTimeout = .seconds(10 * 3_600)
            configure(&configuration)
        }
    }

    /// Completes the job whose export was queued last.
    private func complete(_ bench: inout Bench) {
        bench.commitAll()
        bench.answer(.created(requestID: "request"))
        bench.wait(10)
        bench.answer(ready)
        bench.commitAll()
    }

    // MARK: Ends

    @Test func lastJobEndsBatchInItsTransaction() throws {
        var bench = bench()
        bench.enqueue(member("one"))
        complete(&bench)
        #expect(bench.batchEvents.isEmpty)
        bench.enqueue(member("two"))
        complete(&bench)
        let event = try #require(bench.batchEvents.first)
        #expect(event.status == .completed)
        #expect(event.members.map(\.jobID) == ["one", "two"])
        #expect(event.members.allSatisfy { $0.files.first?.location == url })
        #expect(event.source == RecordSource(partition: 0, offset: 0))
        let last = try #require(
            bench.batches.last { batch in
                batch.records.contains { if case .batchEvent = $0 { true } else { false } }
            }
        )
        let kinds = last.records.map { record in
            switch record {
            case .event(_, let event): "event \(event.jobID)"
            case .batchEvent: "batch event"
            case .state(_, .batch): "batch"
            case .state, .deadLetter: "other"
            }
        }
        #expect(kinds == ["other", "event two", "batch", "batch event"])
        #expect(bench.reports.contains { if case .batchEnded = $0 { true } else { false } })
    }

    @Test func batchWithCancelledJobIsPartial() throws {
        var bench = bench()
        bench.enqueue(member("one"), member("two"), cancel("one"), cancel("two"))
        bench.commitAll()
        let event = try #require(bench.batchEvents.first)
        #expect(event.status == .partial)
        #expect(event.count(of: .cancelled) == 2)
        #expect(bench.batchEvents.count == 1)
    }

    @Test func batchEndsAtDeadlineWithJobsThatCame() throws {
        var bench = bench()
        bench.enqueue(member("one", of: 3))
        complete(&bench)
        bench.wait(10 * 3_600 - 60)
        bench.commitAll()
        #expect(bench.batchEvents.isEmpty)
        bench.wait(120)
        bench.commitAll()
        let event = try #require(bench.batchEvents.first)
        #expect(event.status == .incomplete)
        #expect(event.members.map(\.jobID) == ["one"])
        bench.wait(7 * 24 * 3_600)
        bench.commitAll()
        #expect(bench.batchEvents.count == 1)
    }

    // MARK: Members

    @Test func jobWithOtherSizeIsRefused() throws {
        var bench = bench()
        bench.enqueue(member("one"), member("two", of: 3))
        bench.commitAll()
        let event = try #require(bench.events.last)
        #expect(event.status == .rejected)
        #expect(event.error?.code == .invalidJob)
        #expect(event.error?.details.map(\.field) == ["batch.size"])
        #expect(bench.phase("two") == nil)
    }

    @Test func surplusAndLateJobsAreRefused() {
        var bench = bench()
        bench.enqueue(member("one", of: 1), member("two", of: 1), cancel("one"))
        bench.enqueue(member("three", of: 1))
        bench.commitAll()
        let rejected = bench.events.filter { $0.status == .rejected }
        #expect(rejected.map(\.jobID) == ["two", "three"])
        #expect(rejected.map { $0.error?.details.first?.field } == ["batch.size", "batch.id"])
        #expect(bench.batchEvents.count == 1)
    }

    @Test func repeatedJobIsNoNewMember() {
        var bench = bench()
        bench.enqueue(member("one"), member("one"))
        complete(&bench)
        bench.enqueue(member("one"))
        bench.commitAll()
        #expect(bench.batchEvents.isEmpty)
        #expect(bench.events.map(\.jobID) == ["one", "one"], "its own event is repeated")
    }

    @Test func jobOfOtherBatchHasOtherContent() {
        var bench = bench()
        bench.enqueue(member("one"), member("one", batch: "c"))
        #expect(bench.events.last?.error?.code == .conflictingJob)
    }

    // MARK: Memory

    /// The first job ends long before the last: its id must stay known, because the batch's event lists it.
    @Test func jobsAreRememberedUntilTheirBatchIsForgotten() {
        var bench = bench()
        bench.enqueue(member("one"))
        complete(&bench)
        bench.wait(5 * 3_600)
        #expect(bench.phase("one") == .finished)
        bench.enqueue(member("two"))
        complete(&bench)
        #expect(bench.batchEvents.first?.members.count == 2)
        bench.wait(3_500)
        #expect(bench.phase("one") == .finished)
        bench.wait(200)
        bench.commitAll()
        #expect(bench.phase("one") == nil && bench.phase("two") == nil)
        let tombstones = bench.stored.suffix(3)
        #expect(tombstones.last == .batchForgotten(id: "b"))
        bench.enqueue(member("three", of: 5))
        #expect(bench.phase("three") != nil, "the batch's id can be used again, with another size")
    }

    // MARK: Restore

    private func records(_ bench: Bench) -> [StateRecord] { [bench.origin] + bench.stored }

    /// The newest record of each key, in the order of a compacted log.
    private func compacted(_ records: [StateRecord]) -> [StateRecord] {
        func key(_ record: StateRecord) -> String {
            switch record {
            case .job(let record): record.job.id
            case .forgotten(let id): id
            case .batch(let record): "@batch/" + record.batch.id
            case .batchForgotten(let id): "@batch/" + id
            case .pauses: "@control"
            case .position: "@position"
            case .origin: "@origin"
            }
        }
        let newest = Dictionary(records.enumerated().map { (key($1), $0) }, uniquingKeysWith: { $1 })
        return records.enumerated().filter { newest[key($1)] == $0 }.map(\.element)
    }

    @Test(arguments: [false, true]) func restoredBatchEndsOnce(isCompacted: Bool) throws {
        var bench = bench()
        bench.enqueue(member("one"))
        complete(&bench)
        let log = isCompacted ? compacted(records(bench)) : records(bench)
        bench.assign(0, epoch: 2, log, committed: 1)
        bench.handle(.received(partition: 0, epoch: 2, [input(1, member("two")), input(2, member("three", of: 4))]))
        #expect(bench.events.last?.error?.details.first?.field == "batch.size")
        complete(&bench)
        #expect(bench.batchEvents.map { $0.members.map(\.jobID) } == [["one", "two"]])

        var second = self.bench()
        let whole = isCompacted ? compacted(records(bench)) : records(bench)
        second.assign(0, epoch: 2, whole, committed: 3)
        second.commitAll()
        #expect(second.batchEvents.isEmpty)
        second.wait(30 * 3_600)
        second.commitAll()
        #expect(second.batchEvents.isEmpty)
        #expect(second.phase("one") == nil)
        #expect(second.stored.last == .batchForgotten(id: "b"))
    }

    /// Without transactions a crash may leave the end of a batch's last job without the batch's own.
    @Test func restoredBatchWithoutEndIsEnded() {
        var bench = bench()
        bench.enqueue(member("one"), member("two"), cancel("one"), cancel("two"))
        bench.commitAll()
        let log = records(bench).filter { if case .batch = $0 { false } else { true } }
        var second = self.bench()
        second.assign(0, epoch: 2, log, committed: 4)
        second.commitAll()
        #expect(second.batchEvents.map(\.status) == [.partial])
    }
}
