import Testing

@testable import ExportCore

@Suite("A look at every open job")
struct SurveyTests {
    @Test func jobsAreCountedByAccountKindAndPhase() {
        var bench = Bench(partitions: 2)
        bench.enqueue(export("first"), export("later") { $0.notBefore = bench.now.advanced(by: .seconds(600)) })
        bench.enqueue(export("unknown") { $0.account = "nobody" })
        bench.wait(5)
        bench.enqueue(export("second") { $0.kind = .transactionHistory }, partition: 1)
        let survey = bench.worker.survey(oldest: 10, at: bench.now)
        #expect(survey.counts[.init(account: "default", kind: .payments, phase: .submitting)] == 1)
        #expect(survey.counts[.init(account: "default", kind: .payments, phase: .accepted)] == 1)
        #expect(survey.counts[.init(account: "default", kind: .transactionHistory, phase: .submitting)] == 1)
        #expect(survey.counts.values.reduce(0, +) == survey.oldest.count)
        #expect(survey.oldest.last?.id == "second")
        #expect(survey.oldest.last?.partition == 1)
        #expect(survey.oldestAcceptance[.submitting] == bench.now.advanced(by: .seconds(-5)))
        #expect(survey.oldestAcceptance[.waiting] == nil)
    }

    @Test func onlyTheOldestAreTold() {
        var bench = Bench()
        for number in 0..<30 {
            bench.enqueue(export("job-\(number)"))
            bench.wait(1)
        }
        let survey = bench.worker.survey(oldest: 3, at: bench.now)
        #expect(survey.oldest.map(\.id) == ["job-0", "job-1", "job-2"])
        #expect(bench.worker.survey(oldest: 0, at: bench.now).oldest.isEmpty)
    }

    @Test func whatAJobWaitsFor() {
        var bench = Bench()
        func wait() -> JobSurvey.Wait? { bench.worker.survey(oldest: 1, at: bench.now).oldest.first?.wait }
        #expect(wait() == nil)
        bench.enqueue(export("job"))
        #expect(wait() == .turn(.create))
        bench.commitAll()
        #expect(wait() == .answer(.create))
        bench.answer(.failed(.passing(message: "503")))
        guard case .repetition(.create, let moment)? = wait() else {
            Issue.record("it waits for \(String(describing: wait()))")
            return
        }
        #expect(moment > bench.now)
        bench.wait(bench.now.duration(to: moment).inSeconds + 0.1)
        bench.answer(.created(requestID: "r-1"))
        bench.commitAll()
        guard case .service(let look)? = wait() else {
            Issue.record("it waits for \(String(describing: wait()))")
            return
        }
        #expect(look > bench.now)
        #expect(bench.worker.survey(oldest: 1, at: bench.now).oldest.first?.requestID == "r-1")
    }

    @Test func jobsWithLittleTimeLeftAreLate() {
        var bench = Bench()
        bench.enqueue(export("long"), export("short") { $0.deadline = bench.now.advanced(by: .seconds(100)) })
        bench.enqueue(export("shorter") { $0.deadline = bench.now.advanced(by: .seconds(95)) })
        bench.wait(75)
        #expect(bench.worker.survey(oldest: 1, at: bench.now).lateCount == 0)
        bench.wait(6)
        let survey = bench.worker.survey(oldest: 1, at: bench.now)
        #expect(survey.lateCount == 2)
        #expect(survey.mostLate?.id == "shorter")
    }

    @Test func endedJobsAreNoneOfIt() {
        var bench = Bench()
        bench.enqueue(export("job"), cancel("job"))
        bench.commitAll()
        #expect(bench.status("job") == .cancelled)
        #expect(bench.worker.survey(oldest: 5, at: bench.now).counts.isEmpty)
    }
}

extension Duration {
    fileprivate var inSeconds: Double { Double(wholeMilliseconds) / 1_000 }
}
