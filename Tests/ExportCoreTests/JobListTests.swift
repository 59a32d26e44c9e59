import Testing

@testable import ExportCore

@Suite("A list of jobs")
struct JobListTests {
    /// All pages of a list.
    private func list(
        _ bench: Bench,
        limit: Int = 100,
        work: Int = 50_000,
        _ change: (inout JobFilter) -> Void = { _ in }
    ) -> [[String]] {
        var filter = JobFilter()
        change(&filter)
        var pages: [[String]] = []
        var from: JobPlace? = JobPlace(partition: 0)
        while let place = from {
            let question = JobQuestion(filter: filter, from: place, through: .max, limit: limit, work: work)
            let page = bench.worker.jobs(question, at: bench.now)
            pages.append(page.jobs.map(\.record.job.id))
            if let next = page.next { #expect(next > place) }
            from = page.next
        }
        return pages
    }

    @Test func pagesListEveryJobOnce() {
        var bench = Bench(partitions: 3)
        for number in 0..<7 { bench.enqueue(export("job-\(number)"), partition: Int32(number % 3)) }
        for limit in 1...8 {
            let pages = list(bench, limit: limit)
            #expect(pages.allSatisfy { $0.count <= limit })
            #expect(pages.flatMap { $0 }.sorted() == (0..<7).map { "job-\($0)" })
        }
    }

    @Test func workOfOneQuestionIsBounded() {
        var bench = Bench()
        for number in 0..<100 { bench.enqueue(export("job-\(number)")) }
        let pages = list(bench, work: 10) { $0.text = "job-99" }
        #expect(pages.count >= 50)
        #expect(pages.flatMap { $0 } == ["job-99"])
        #expect(list(bench, work: 10).count == 100, "a job that is listed costs more than one that is passed over")
        let large = String(repeating: "x", count: 4_000)
        bench.enqueue(export("large") { $0.metadataJSON = #"{"a":"\#(large)"}"# })
        #expect(list(bench, work: 5_000).map(\.count).max() ?? 0 < 50)
    }

    @Test func jobsOfABatchAreListed() {
        var bench = Bench(partitions: 3)
        for number in 0..<9 {
            let batch = JobBatch(id: "batch-\(number % 2)", size: 5)
            bench.enqueue(
                export("job-\(number)") { $0.batch = number < 6 ? batch : nil },
                partition: Int32(number < 6 ? number % 2 : 2)
            )
        }
        #expect(list(bench) { $0.batch = "batch-1" }.flatMap { $0 } == ["job-1", "job-3", "job-5"])
        #expect(list(bench) { $0.batch = "unknown" }.flatMap { $0 } == [])
    }

    @Test func filterSelectsByStateAccountKindAndAge() {
        var bench = Bench(partitions: 2) { $0.accounts = ["default", "second"] }
        bench.enqueue(export("old"), export("cancelled"), cancel("cancelled"))
        bench.commitAll()
        bench.wait(60)
        bench.enqueue(export("second") { $0.account = "second" })
        bench.enqueue(export("history") { $0.kind = .transactionHistory })
        let start = bench.now.wall
        // A worker with another configuration has accepted it.
        let job = ExportJob(id: "missing", kind: .payments, account: "missing")
        bench.handle(.lost([1]))
        let record = JobRecord(job: job, offset: 1, phase: .waiting, times: JobTimes(accepted: start))
        bench.assign(1, epoch: 2, [bench.origin, .job(record)])
        func ids(_ change: (inout JobFilter) -> Void) -> [String] { list(bench, change).flatMap { $0 } }
        #expect(ids { $0.statuses = [.cancelled] } == ["cancelled"])
        #expect(ids { $0.phases = [.finished] } == ["cancelled"])
        #expect(ids { $0.account = "second" } == ["second"])
        #expect(ids { $0.account = "missing" } == ["missing"])
        #expect(ids { $0.account = "unheard-of" } == [])
        #expect(ids { $0.kind = .transactionHistory } == ["history"])
        #expect(ids { $0.acceptedUntil = start.advanced(by: .seconds(-30)) } == ["old", "cancelled"])
        #expect(ids { $0.acceptedSince = start } == ["second", "history", "missing"])
    }

    @Test func textIsFoundInIDRequestIDAndMetadata() {
        var bench = Bench()
        let uuid = "3f2c9a64-0c1e-4b53-9f6d-0a4d8c1b7e55"
        bench.enqueue(export(uuid) { $0.metadataJSON = #"{"requestedBy":"Billing"}"# })
        bench.enqueue(export("other") { $0.filter = "billing" })
        bench.commitAll()
        bench.answer(.created(requestID: "93C2B3CF"))
        bench.commitAll()
        func ids(_ text: String) -> [String] { list(bench) { $0.text = text }.flatMap { $0 } }
        #expect(ids("64-0C1E-4b") == [uuid])
        #expect(ids("billing") == [uuid])
        #expect(ids("2b3c") == ["other"])
        #expect(ids("nothing") == [])
        #expect(ids("").count == 2)
    }

    @Test func viewReportsWaitDeadlineAndFailures() throws {
        var bench = Bench()
        bench.enqueue(export("job") { $0.deadline = bench.now.wall.advanced(by: .seconds(100)) })
        bench.commitAll()
        bench.answer(.failed(.transient(message: "503")))
        bench.wait(85)
        let view = try #require(bench.worker.job("job", at: bench.now))
        #expect(view.failures == 1)
        #expect(view.isLate)
        #expect(view.deadline == bench.now.wall.advanced(by: .seconds(15)))
        #expect(view.wait != nil)
        bench.enqueue(cancel("job"))
        #expect(bench.worker.job("job", at: bench.now)?.wait == nil)
        #expect(bench.worker.job("unknown", at: bench.now) == nil)
    }

    @Test func openJobIsFoundBeforeAFinishedOneOfItsID() {
        var bench = Bench(partitions: 2)
        bench.enqueue(export("job"))
        bench.commitAll()
        bench.enqueue(cancel("job"))
        bench.commitAll()
        #expect(bench.worker.job("job", at: bench.now)?.record.phase == .finished)
        bench.enqueue(export("job"), partition: 1)
        bench.commitAll()
        #expect(bench.worker.job("job", at: bench.now)?.partition == 1)
    }

    @Test func restoringPartitionIsLeftOut() {
        var bench = Bench(partitions: 2)
        bench.enqueue(export("here"), partition: 1)
        bench.commitAll()
        let stored = bench.stored
        bench.handle(.lost([1]))
        bench.handle(.assigned(partition: 1, epoch: 2))
        bench.handle(.restored(partition: 1, epoch: 2, [bench.origin] + stored))
        #expect(list(bench) == [[]])
        #expect(bench.worker.job("here", at: bench.now) == nil)
        bench.handle(
            .restoreFinished(partition: 1, epoch: 2, RestoredEnds(committed: 1, low: 0, high: 1_000, stateLow: 0))
        )
        #expect(list(bench).flatMap { $0 } == ["here"])
        #expect(bench.worker.job("here", at: bench.now) != nil)
    }
}
