import Testing

@testable import ExportCore

/// What a job's life needs beyond single steps.
@Suite struct JobTests {
    @Test func nothingIsSentBeforeTheIntentIsStored() {
        var bench = Bench()
        bench.enqueue(export("job"))
        #expect(bench.calls.isEmpty)
        #expect(bench.batches.count == 1)
        bench.handle(.commitFailed(batch: bench.batches[0].id))
        bench.wait(1)
        #expect(bench.calls.isEmpty)
        #expect(bench.batches.map(\.id) == [bench.batches[0].id, bench.batches[0].id])
        bench.handle(.committed(batch: bench.batches[0].id))
        #expect(bench.calls.map(\.token.kind) == [.create])
    }

    @Test func reportsOfEndsWaitForTheCommit() {
        var bench = Bench()
        bench.enqueue(export("job") { $0.deadline = .at(0) })
        #expect(!bench.reports.contains { if case .ended = $0 { true } else { false } })
        bench.commitAll()
        #expect(bench.reports.contains { if case .ended = $0 { true } else { false } })
    }

    @Test func theSameJobAgainIsOneExport() {
        var bench = Bench()
        bench.enqueue(export("job"))
        bench.enqueue(export("job") { $0.trace = TraceContext(parent: "another") })
        bench.commitAll()
        #expect(bench.calls.count == 1)
        #expect(bench.events.isEmpty)
    }

    @Test func theSameJobAfterItsEndHasItsEventAgain() {
        var bench = Bench()
        bench.enqueue(export("job") { $0.deadline = .at(-5) })
        bench.commitAll()
        bench.enqueue(export("job") { $0.deadline = .at(-5) })
        bench.commitAll()
        #expect(bench.events.count == 2)
        #expect(bench.events.first == bench.events.last)
    }

    @Test func anotherJobUnderAKnownIDIsRejected() {
        var bench = Bench()
        bench.enqueue(export("job"), export("job") { $0.filter = "paymentAmount gt 5" })
        bench.commitAll()
        #expect(bench.events.map(\.status) == [.rejected])
        #expect(bench.events.first?.error?.details.map(\.field) == ["jobId"])
        #expect(bench.phase("job") == .submitting)
    }

    @Test func aRecordBelowThePositionIsPassedOver() {
        var bench = Bench()
        bench.enqueue(export("job"))
        bench.commitAll()
        bench.handle(.received(partition: 0, epoch: 1, [input(0, export("other"))]))
        bench.commitAll()
        #expect(bench.phase("other") == nil)
        #expect(bench.batches.flatMap(\.positions).map(\.offset).max() == 1)
    }

    /// The event of a job that was cancelled while its POST was under way must not change when the
    /// export's id is learnt for the clean-up.
    @Test func aRepeatedEventIsTheSameAfterTheCleanup() {
        var bench = Bench()
        bench.enqueue(export("job"))
        bench.commitAll()
        bench.enqueue(cancel("job"))
        bench.commitAll()
        bench.answer(.created(requestID: "request-1"))
        bench.commitAll()
        #expect(bench.calls.last?.token.kind == .delete)
        #expect(bench.calls.last?.requestID == "request-1")
        bench.answer(.deleted)
        bench.enqueue(export("job"))
        bench.commitAll()
        #expect(bench.events.count == 2)
        #expect(bench.events.first == bench.events.last)
    }

    @Test func anExportThatMayNotBeDeletedYetIsDeletedLater() {
        var bench = Bench()
        bench.enqueue(export("job"))
        bench.commitAll()
        bench.answer(.created(requestID: "request-1"))
        bench.enqueue(cancel("job"))
        bench.commitAll()
        bench.answer(.notDeletableYet)
        #expect(bench.calls.filter { $0.token.kind == .delete }.count == 1)
        bench.wait(400)
        #expect(bench.calls.filter { $0.token.kind == .delete }.count == 2)
    }

    /// The answer to a call for a job that is forgotten meanwhile must not reach the job that took its place.
    @Test func anAnswerForAForgottenJobReachesNobodyElse() throws {
        var bench = Bench { $0.deduplicationWindow = .seconds(100) }
        bench.enqueue(export("old"))
        bench.commitAll()
        bench.enqueue(cancel("old"))
        bench.commitAll()
        let old = try #require(bench.calls.last)
        bench.wait(200)
        bench.commitAll()
        #expect(bench.phase("old") == nil)
        bench.enqueue(export("new"))
        bench.commitAll()
        #expect(bench.calls.last?.job.id == "new")
        bench.handle(.answered(old.token, .created(requestID: "old request")))
        #expect(bench.phase("new") == .submitting)
    }

    @Test func urlsThatNeverWorkAreNotTriedInALoop() {
        var bench = Bench { $0.storesFiles = true }
        bench.enqueue(export("job"))
        bench.commitAll()
        bench.answer(.created(requestID: "request-1"))
        bench.wait(10)
        bench.answer(ready)
        bench.commitAll()
        for _ in 0..<3 where bench.calls.last?.token.kind == .download {
            bench.answer(.urlExpired)
            bench.answer(ready)
        }
        // The second fresh URL waits before it is used.
        #expect(bench.calls.filter { $0.token.kind == .download }.count == 2)
        bench.wait(10)
        #expect(bench.calls.filter { $0.token.kind == .download }.count == 3)
    }

    @Test func everyCallOfOneAttemptNamesTheSameAttempt() {
        var bench = Bench()
        bench.enqueue(export("job"))
        bench.commitAll()
        bench.answer(.failed(.passing(message: "timed out")))
        bench.wait(10)
        bench.answer(.created(requestID: "request-1"))
        bench.wait(10)
        bench.answer(.seen(.failed, url: nil, expiresAt: nil))
        bench.commitAll()
        #expect(bench.calls.filter { $0.token.kind == .create }.map(\.attempt) == [1, 1, 2])
    }

    @Test func unknownJobsAndAccountsAreRejectedWithReasons() {
        var bench = Bench()
        bench.enqueue(cancel("nobody"), export("job") { $0.account = "stranger" })
        bench.commitAll()
        #expect(bench.events.map { $0.error?.code } == [.unknownJob, .unknownAccount])
        #expect(bench.batches.flatMap(\.records).count { if case .deadLetter = $0 { true } else { false } } == 1)
    }
}
