import Testing

@testable import ExportCore

/// Records that their topics do not accept: only they are replaced, and the batch is sent again.
@Suite struct RefusalTests {
    private func refuse(_ bench: inout Bench, _ isRefused: (OutputRecord) -> Bool) throws {
        let batch = try #require(bench.batches.last)
        let refusals = batch.records.indices.filter { isRefused(batch.records[$0]) }.map {
            OutputRefusal(index: $0, form: batch.records[$0].form)
        }
        bench.handle(.outputsRefused(batch: batch.id, refusals))
    }

    private func isEvent(_ record: OutputRecord) -> Bool { if case .event = record { true } else { false } }
    private func isDeadLetter(_ record: OutputRecord) -> Bool { if case .deadLetter = record { true } else { false } }
    private func isJob(_ record: OutputRecord) -> Bool { if case .state(_, .job) = record { true } else { false } }

    private func unreadable(_ id: String?) -> JobInput.Content {
        .unreadable(jobID: id, reason: "no job", details: [], trace: nil)
    }

    @Test func refusedDeadLetterIsReducedStepByStepAndThenDropped() throws {
        var bench = Bench()
        bench.enqueue(unreadable(nil), export("good"))
        for form in [OutputForm.whole, .reduced, .short, .least] {
            let batch = try #require(bench.batches.last)
            let letters = batch.records.filter(isDeadLetter)
            #expect(letters.map(\.form) == [form])
            #expect(batch.records.contains(where: isJob), "the rest of the batch is unchanged")
            try refuse(&bench, isDeadLetter)
        }
        let last = try #require(bench.batches.last)
        #expect(!last.records.contains(where: isDeadLetter))
        #expect(last.positions.map(\.offset) == [2], "the record counts as decided")
        #expect(Set(bench.batches.map(\.id)).count == 1)
        let dropped = bench.reports.contains {
            if case .outputDropped(0, .deadLetter, "0") = $0 { true } else { false }
        }
        #expect(dropped)
        bench.commitAll()
        #expect(bench.calls.count == 1, "the valid job continues")
    }

    /// A worker whose last batch holds the end of a completed job.
    private func completing() -> Bench {
        var bench = Bench { $0.storesFiles = true }
        bench.enqueue(export("job") { $0.metadataJSON = "{\"n\":\"x\"}" })
        bench.commitAll()
        bench.answer(.created(requestID: "request-1"))
        bench.commitAll()
        bench.wait(60)
        bench.answer(ready)
        bench.commitAll()
        bench.answer(.stored(storedFile))
        return bench
    }

    @Test func eventRefusedInEveryFormEndsJobAsTooLarge() throws {
        var bench = completing()
        try refuse(&bench, isEvent)
        #expect(bench.batches.last?.records.filter(isEvent).map(\.form) == [.reduced])
        #expect(bench.code("job") == nil, "an event in a smaller form changes nothing about the job")
        try refuse(&bench, isEvent)
        try refuse(&bench, isEvent)
        let batch = try #require(bench.batches.last)
        let states = batch.records.compactMap { if case .state(_, .job(let record)) = $0 { record } else { nil } }
        let events = batch.records.compactMap { if case .event(_, let event) = $0 { event } else { nil } }
        #expect(states.map { $0.error?.code } == [.tooLarge])
        #expect(states.map(\.status) == [.failed])
        #expect(events.map { $0.error?.code } == [.tooLarge], "state and event have the same code")
        #expect(events.first?.files.isEmpty == true)
        bench.commitAll()
        let ends = bench.reports.compactMap { if case .ended(_, let event) = $0 { event.status } else { nil } }
        #expect(ends == [.failed], "the withdrawn end is not reported")
        #expect(bench.worker.audit(inFlight: [], at: bench.now, tables: true) == nil)
    }

    @Test func refusedLaterStateRecordEndsJobAsTooLarge() throws {
        var bench = Bench { $0.storesFiles = true }
        bench.enqueue(export("job"))
        bench.commitAll()
        bench.answer(.created(requestID: "request-1"))
        bench.commitAll()
        bench.wait(60)
        bench.answer(ready)
        try refuse(&bench, isJob)
        #expect(bench.code("job") == .tooLarge)
        bench.commitAll()
        #expect(bench.events.map { $0.error?.code } == [.tooLarge])
        #expect(bench.calls.count { $0.token.kind == .download } == 0, "the call that waited for the record is stale")
    }

    @Test func refusedFirstStateRecordRejectsJob() throws {
        var bench = Bench()
        bench.enqueue(export("large"), export("small"))
        try refuse(&bench) { if case .state(_, .job(let record)) = $0 { record.job.id == "large" } else { false } }
        let batch = try #require(bench.batches.last)
        #expect(batch.records.count(where: isDeadLetter) == 1, "in the same batch, because its position counts the job")
        #expect(bench.events.last?.status == .rejected)
        #expect(bench.events.last?.error?.code == .tooLarge)
        #expect(bench.phase("large") == nil)
        #expect(bench.phase("small") == .submitting)
        bench.commitAll()
        #expect(bench.calls.map(\.job.id) == ["small"])
    }

    @Test func refusedSmallestStateRecordStopsOnlyItsPartition() throws {
        var bench = Bench(partitions: 2)
        bench.enqueue(unreadable(nil), partition: 0)
        try refuse(&bench) { if case .state(_, .position) = $0 { true } else { false } }
        let stopped = bench.reports.contains { if case .stopped(0, 1, _) = $0 { true } else { false } }
        #expect(stopped)
        bench.commitAll()
        bench.enqueue(export("job"), partition: 1)
        bench.commitAll()
        #expect(bench.calls.map(\.job.id) == ["job"], "the other partition continues")
    }

    @Test func refusalAfterLostPartitionAppliesToItsRecord() throws {
        var bench = Bench(partitions: 2) { $0.commitInterval = .seconds(1) }
        bench.enqueue(unreadable(nil), partition: 0)
        bench.enqueue(unreadable(nil), partition: 1)
        bench.wait(1)
        let batch = try #require(bench.batches.last)
        let index = try #require(batch.records.firstIndex { isDeadLetter($0) && $0.partition == 1 })
        bench.handle(.lost([0]))
        bench.handle(.outputsRefused(batch: batch.id, [OutputRefusal(index: index, form: .whole)]))
        let letters = try #require(bench.batches.last).records.filter(isDeadLetter)
        #expect(letters.map(\.partition) == [1])
        #expect(letters.map(\.form) == [.reduced])
    }

    /// For each job an event is withdrawn and other records are added.
    @Test func jobsRefusedTogetherAreReplacedSeparately() throws {
        var bench = Bench()
        let late = (0..<3).map { export("job-\($0)") { $0.deadline = .at(-5) } }
        bench.enqueue(late[0], late[1], late[2])
        try refuse(&bench, isJob)
        let batch = try #require(bench.batches.last)
        #expect(batch.records.filter(isDeadLetter).count == 3)
        #expect(!batch.records.contains(where: isJob))
        bench.commitAll()
        #expect(bench.worker.record(ofJob: "job-1") == nil)
        #expect(bench.worker.audit(inFlight: [], at: bench.now, tables: true) == nil)
        // The next refusal uses the places of the batch as it was sent last.
        bench.enqueue(export("next") { $0.deadline = .at(-5) })
        try refuse(&bench, isJob)
        bench.commitAll()
        #expect(bench.events.last?.jobID == "next" && bench.events.last?.error?.code == .tooLarge)
    }

    @Test func positionOfReplacedJobExcludesRecordsGatheredLater() throws {
        var bench = Bench { $0.commitInterval = .seconds(1) }
        bench.enqueue(export("refused"))
        bench.wait(1)
        bench.enqueue(export("later"))
        try refuse(&bench, isJob)
        let batch = try #require(bench.batches.last)
        let positions = batch.records.compactMap {
            if case .state(_, .position(let position)) = $0 { position.offset } else { nil }
        }
        #expect(batch.positions.map(\.offset) == [1])
        #expect(positions == [1], "the later job is not in this batch, and a restart must read it again")
    }

    /// A batch that is stored in part, which happens without transactions, would otherwise pass over the first job.
    @Test func replacedEndKeepsItsPlaceBeforeLaterJobsOfItsPartition() throws {
        var bench = Bench()
        bench.enqueue(export("first") { $0.deadline = .at(-5) }, export("second"), export("third"))
        for _ in 0..<3 { try refuse(&bench, isEvent) }
        let records = try #require(bench.batches.last).records
        let ids = records.compactMap { if case .state(_, .job(let record)) = $0 { record.job.id } else { nil } }
        #expect(ids == ["first", "second", "third"])
        #expect(records.filter(isEvent).count == 1)
    }

    /// The tombstone of the earlier life comes first: behind the new records, it would delete them.
    @Test func replacedEndOfAnIDUsedAgainStaysBehindTheTombstoneOfItsEarlierLife() throws {
        var bench = Bench { $0.commitInterval = .seconds(1) }
        let late = export("job") { $0.deadline = .at(-5) }
        bench.enqueue(late)
        bench.wait(1)
        bench.commitAll()
        bench.wait(24 * 3_600)
        bench.enqueue(late)
        bench.wait(1)
        for _ in 0..<3 { try refuse(&bench, isEvent) }
        let records = try #require(bench.batches.last).records
        let tombstone = records.firstIndex { if case .state(0, .forgotten("job")) = $0 { true } else { false } }
        let end = records.firstIndex(where: isJob)
        #expect(try #require(tombstone) < #require(end))
        #expect(records.filter(isEvent).count == 1)
        bench.commitAll()
        #expect(bench.code("job") == .tooLarge)
    }

    @Test func refusalWithoutKnownRecordIsRetriedAfterPause() throws {
        var bench = Bench()
        bench.enqueue(export("job"))
        let count = bench.batches.count
        let id = try #require(bench.batches.last).id
        bench.handle(.outputsRefused(batch: id, [OutputRefusal(index: 99, form: .whole)]))
        #expect(bench.batches.count == count, "not at once")
        bench.wait(1)
        #expect(bench.batches.count == count + 1)
    }

    @Test func intakePausesWhileDeadLettersHoldManyBytes() {
        var bench = Bench { $0.maxBatchBytes = 100 }
        func letters(_ count: Int, from offset: Int64) -> [JobInput] {
            (0..<count).map { number in
                JobInput(
                    offset: offset + Int64(number),
                    content: .unreadable(jobID: nil, reason: "no job", details: [], trace: nil),
                    original: OriginalRecord(key: nil, value: [UInt8](repeating: 0, count: 60))
                )
            }
        }
        // The first batch is in flight, so later records wait for the next one.
        bench.handle(.received(partition: 0, epoch: 1, letters(1, from: 0)))
        bench.handle(.received(partition: 0, epoch: 1, letters(4, from: 1)))
        #expect(bench.intake == [true])
        bench.commitAll()
        #expect(bench.intake == [true, false])
    }

    @Test func textIsTruncatedBetweenUnicodeScalars() {
        #expect("short".truncated(toBytes: 5) == "short")
        #expect("äöüß".truncated(toBytes: 7) == "äö…")
        #expect(String(repeating: "a", count: 10).truncated(toBytes: 8) == "aaaaa…")
        // A single character with many scalars is truncated too.
        let huge = "e" + String(repeating: "\u{301}", count: 10_000)
        #expect(huge.truncated(toBytes: 100).utf8.count <= 100)
    }
}
