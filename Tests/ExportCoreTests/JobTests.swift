import Testing

@testable import ExportCore

/// Behaviour of jobs across several transitions.
@Suite struct JobTests {
    @Test func postWaitsForCommitOfItsIntent() {
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

    @Test func endIsReportedAfterItsCommit() {
        var bench = Bench()
        bench.enqueue(export("job") { $0.deadline = .at(0) })
        #expect(!bench.reports.contains { if case .ended = $0 { true } else { false } })
        bench.commitAll()
        #expect(bench.reports.contains { if case .ended = $0 { true } else { false } })
    }

    @Test func sameJobEnqueuedTwiceIsExportedOnce() {
        var bench = Bench()
        bench.enqueue(export("job"))
        bench.enqueue(export("job") { $0.trace = TraceContext(parent: "another") })
        bench.commitAll()
        #expect(bench.calls.count == 1)
        #expect(bench.events.isEmpty)
    }

    @Test func finishedJobEnqueuedAgainRepeatsItsEvent() {
        var bench = Bench()
        bench.enqueue(export("job") { $0.deadline = .at(-5) })
        bench.commitAll()
        bench.enqueue(export("job") { $0.deadline = .at(-5) })
        bench.commitAll()
        #expect(bench.events.count == 2)
        #expect(bench.events.first == bench.events.last)
    }

    @Test func knownIDWithOtherContentIsRejectedAsConflicting() {
        var bench = Bench()
        bench.enqueue(export("job"), export("job") { $0.filter = "paymentAmount gt 5" })
        bench.commitAll()
        #expect(bench.events.map(\.status) == [.rejected])
        #expect(bench.events.first?.error?.code == .conflictingJob)
        #expect(bench.events.first?.source == RecordSource(partition: 0, offset: 1), "the record that is refused")
        #expect(bench.events.first?.error?.details.map(\.field) == ["jobId"])
        #expect(bench.phase("job") == .submitting)
    }

    @Test func recordBelowPositionIsSkipped() {
        var bench = Bench()
        bench.enqueue(export("job"))
        bench.commitAll()
        bench.handle(.received(partition: 0, epoch: 1, [input(0, export("other"))]))
        bench.commitAll()
        #expect(bench.phase("other") == nil)
        #expect(bench.batches.flatMap(\.positions).map(\.offset).max() == 1)
    }

    /// The event of a job that was cancelled while its POST was in flight must not change when the
    /// cleanup finds the export's id.
    @Test func repeatedEventIsUnchangedAfterCleanup() {
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

    @Test func exportNotDeletableYetIsDeletedLater() {
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

    /// A forgotten job's place in the table is used again. A late answer must not reach the job that is there now.
    @Test func answerForForgottenJobDoesNotReachNextJobInItsPlace() throws {
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

    @Test func urlsThatNeverWorkAreRetriedWithBackOff() {
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

    @Test func everyCallOfOneAttemptCarriesItsNumber() {
        var bench = Bench()
        bench.enqueue(export("job"))
        bench.commitAll()
        bench.answer(.failed(.transient(message: "timed out")))
        bench.wait(10)
        bench.answer(.created(requestID: "request-1"))
        bench.wait(10)
        bench.answer(.polled(.failed, url: nil, expiresAt: nil))
        bench.commitAll()
        #expect(bench.calls.filter { $0.token.kind == .create }.map(\.attempt) == [1, 1, 2])
    }

    @Test func eventCarriesOffsetOfRecordThatCreatedJob() {
        var bench = Bench { $0.deduplicationWindow = .seconds(100) }
        for _ in 0..<2 {
            bench.enqueue(
                export("job") { $0.notBefore = .at(1_000_000) },
                cancel("job"),
                export("job") { $0.notBefore = .at(1_000_000) }
            )
            bench.commitAll()
            bench.wait(200)
            bench.commitAll()
        }
        // Each job has its event, and the repeated job repeats it.
        #expect(bench.events.map(\.source.offset) == [0, 0, 3, 3])
        #expect(bench.events[0] == bench.events[1])
    }

    @Test(arguments: [nil, "request-of-another"])
    func exportIsDeletedAfterDownloadUnlessAdopted(adopted: String?) {
        var bench = Bench {
            $0.storesFiles = true
            $0.deletesAfterDownload = true
        }
        bench.enqueue(export("job") { $0.adoptedRequestID = adopted })
        bench.commitAll()
        if adopted == nil { bench.answer(.created(requestID: "request-1")) }
        bench.wait(30)
        bench.answer(ready)
        bench.commitAll()
        bench.answer(.stored(storedFile))
        bench.commitAll()
        #expect(bench.status("job") == .completed)
        #expect(bench.calls.contains { $0.token.kind == .delete } == (adopted == nil))
    }

    /// The figures of an adopted export are those of the day on which it was queued.
    @Test(arguments: [nil, -86_400, 60], [nil, "request-of-another"])
    func adoptedExportIsSubmittedWhenServiceReceivedIt(seconds: Int64?, adopted: String?) throws {
        var bench = Bench()
        bench.enqueue(export("job") { $0.adoptedRequestID = adopted })
        bench.commitAll()
        if adopted == nil { bench.answer(.created(requestID: "request-1")) }
        let accepted = bench.now.wall
        bench.wait(30)
        let requested = seconds.map { accepted.advanced(by: .seconds($0)) }
        bench.answer(.polled(.completed, url: url, expiresAt: nil, requested: requested))
        bench.commitAll()
        let submitted = try #require(bench.events.first).times.submitted
        // A time in the future is that of a service whose clock is wrong.
        #expect(submitted == (adopted == nil ? accepted : min(requested ?? accepted, bench.now.wall)))
    }

    @Test func defaultDeadlineCountsFromLaterOfAcceptanceAndNotBefore() {
        var bench = Bench()
        let notBefore = bench.now.wall.advanced(by: .seconds(48 * 3_600))
        bench.enqueue(export("job") { $0.notBefore = notBefore })
        bench.commitAll()
        bench.wait(48 * 3_600)
        bench.commitAll()
        #expect(bench.phase("job") == .submitting)
        bench.answer(.created(requestID: "request-1"))
        bench.commitAll()
        bench.wait(25 * 3_600)
        #expect(bench.phase("job") == .waiting)
        bench.answer(.polled(.processing, url: nil, expiresAt: nil))
        bench.wait(2 * 3_600)
        bench.answer(.polled(.processing, url: nil, expiresAt: nil))
        #expect(bench.code("job") == .deadlineExceeded)
    }

    @Test func jobWithoutAFilterIsRejectedWhereTheAccountRequiresOne() {
        var bench = Bench {
            $0.accounts = ["default", "free"]
            $0.requestsPerSecond = [20, 20]
            $0.accountsRequiringFilter = ["default"]
        }
        bench.enqueue(
            export("unfiltered") { $0.filter = nil },
            export("filtered") { $0.filter = "paymentAmount gt 1" },
            export("adopted") { ($0.filter, $0.adoptedRequestID) = (nil, "r") },
            export("free") { ($0.filter, $0.account) = (nil, "free") }
        )
        bench.commitAll()
        #expect(bench.events.map(\.jobID) == ["unfiltered"])
        #expect(bench.events.first?.error?.code == .invalidJob)
        #expect(bench.events.first?.error?.details.map(\.field) == ["filter"])
        for id in ["filtered", "adopted", "free"] { #expect(bench.phase(id) != nil) }
    }

    @Test func jobWithoutFilterIsAcceptedWithWarning() {
        var bench = Bench()
        bench.enqueue(
            export("unfiltered") { $0.filter = nil },
            export("filtered") { $0.filter = "paymentAmount gt 1" },
            export("adopted") { ($0.filter, $0.adoptedRequestID) = (nil, "r") }
        )
        let warned = bench.reports.compactMap { report -> String? in
            guard case .accepted(_, let job, _, let warnings) = report, !warnings.isEmpty else { return nil }
            return "\(job) \(warnings.map(\.field))"
        }
        #expect(warned == [#"unfiltered ["filter"]"#])
    }

    @Test func unknownJobsAndAccountsAreRejectedWithReasons() {
        var bench = Bench()
        bench.enqueue(cancel("unknown"), export("job") { $0.account = "stranger" })
        bench.commitAll()
        #expect(bench.events.map { $0.error?.code } == [.unknownJob, .unknownAccount])
        #expect(bench.events.map(\.source.offset) == [0, 1])
        #expect(bench.batches.flatMap(\.records).count { if case .deadLetter = $0 { true } else { false } } == 1)
    }
}
