import Testing

@testable import ExportCore

/// Records of batches and of their jobs that a topic does not accept.
extension JobBatchTests {
    /// The places of the refused records in the batch that is about to be committed.
    private func refuse(
        _ bench: inout Bench,
        _ form: OutputForm,
        _ isRefused: (OutputRecord) -> Bool
    ) throws -> CommitBatch {
        let batch = try #require(bench.batches.last)
        let places = batch.records.indices.filter { isRefused(batch.records[$0]) }
        try #require(!places.isEmpty)
        bench.handle(.outputsRefused(batch: batch.id, places.map { OutputRefusal(index: $0, form: form) }))
        return try #require(bench.batches.last)
    }

    @Test func refusedBatchEventIsReduced() throws {
        var bench = bench()
        bench.enqueue(member("one", of: 1), cancel("one"))
        for (form, next) in [(OutputForm.whole, OutputForm.reduced), (.reduced, .short), (.short, .least)] {
            let batch = try refuse(&bench, form) { if case .batchEvent = $0 { true } else { false } }
            let forms = batch.records.compactMap { if case .batchEvent(_, let event) = $0 { event.form } else { nil } }
            #expect(forms == [next])
        }
        _ = try refuse(&bench, .least) { if case .batchEvent = $0 { true } else { false } }
        #expect(
            bench.reports.contains {
                if case .outputDropped(0, .batchEvent, "b") = $0 { true } else { false }
            }
        )
    }

    /// The event of the last job is refused: the job ends as too large, and the batch's event says so.
    @Test func batchIsAnnouncedAsItsJobEndsAfterAll() throws {
        var bench = bench()
        bench.enqueue(member("one", of: 1))
        bench.commitAll()
        bench.answer(.created(requestID: "request"))
        bench.commitAll()
        bench.wait(10)
        bench.answer(ready)
        let again = try refuse(&bench, .short) { if case .event = $0 { true } else { false } }
        #expect(!again.records.contains { if case .batchEvent = $0 { true } else { false } })
        bench.commitAll()
        bench.wait(1)
        bench.commitAll()
        let event = try #require(bench.batchEvents.last)
        #expect(event.members.map(\.code) == [.tooLarge])
        #expect(event.status == .partial)
        let ends = bench.stored.filter { if case .batch = $0 { true } else { false } }
        #expect(ends.count == 2, "the first was taken back before it was committed")
    }

    /// A job whose first record is refused was never a member. The batch waits for another one.
    @Test func batchIsOpenAgainWhenItsLastJobIsRefused() throws {
        var bench = bench()
        bench.enqueue(
            export("one") { job in
                job.batch = JobBatch(id: "b", size: 1)
                job.deadline = .at(-1)
            }
        )
        let again = try refuse(&bench, .whole) { if case .state(_, .job) = $0 { true } else { false } }
        #expect(!again.records.contains { if case .batchEvent = $0 { true } else { false } })
        #expect(!again.records.contains { if case .state(_, .batch) = $0 { true } else { false } })
        let letters = again.records.compactMap { if case .deadLetter(let letter) = $0 { letter } else { nil } }
        #expect(letters.map(\.original.key) == [Array("b".utf8)], "the key of a job of a batch")
        bench.commitAll()
        bench.enqueue(member("two", of: 1), cancel("two"))
        bench.commitAll()
        #expect(bench.batchEvents.last?.members.map(\.jobID) == ["two"])
    }
}
