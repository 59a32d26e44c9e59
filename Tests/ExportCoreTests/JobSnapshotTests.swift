import Testing

@testable import ExportCore

@Suite("A look at every open job")
struct JobSnapshotTests {
    @Test func jobsAreCountedByAccountKindAndPhase() {
        var bench = Bench(partitions: 2)
        bench.enqueue(export("first"), export("later") { $0.notBefore = bench.now.wall.advanced(by: .seconds(600)) })
        bench.enqueue(export("unknown") { $0.account = "missing" })
        bench.wait(5)
        bench.enqueue(export("second") { $0.kind = .transactionHistory }, partition: 1)
        let snapshot = bench.worker.jobSnapshot(oldest: 10, at: bench.now)
        #expect(snapshot.counts[.init(account: "default", kind: .payments, phase: .submitting)] == 1)
        #expect(snapshot.counts[.init(account: "default", kind: .payments, phase: .accepted)] == 1)
        #expect(snapshot.counts[.init(account: "default", kind: .transactionHistory, phase: .submitting)] == 1)
        #expect(snapshot.counts.values.reduce(0, +) == snapshot.oldest.count)
        #expect(snapshot.oldest.last?.id == "second")
        #expect(snapshot.oldest.last?.partition == 1)
        #expect(snapshot.oldestAcceptance[.submitting] == bench.now.wall.advanced(by: .seconds(-5)))
        #expect(snapshot.oldestAcceptance[.waiting] == nil)
    }

    @Test func onlyOldestJobsAreListed() {
        var bench = Bench()
        for number in 0..<30 {
            bench.enqueue(export("job-\(number)"))
            bench.wait(1)
        }
        let snapshot = bench.worker.jobSnapshot(oldest: 3, at: bench.now)
        #expect(snapshot.oldest.map(\.id) == ["job-0", "job-1", "job-2"])
        #expect(bench.worker.jobSnapshot(oldest: 0, at: bench.now).oldest.isEmpty)
    }

    @Test func openJobReportsWhatItWaitsFor() {
        var bench = Bench()
        func wait() -> JobSnapshot.Wait? { bench.worker.jobSnapshot(oldest: 1, at: bench.now).oldest.first?.wait }
        #expect(wait() == nil)
        bench.enqueue(export("job"))
        #expect(wait() == .turn(.create))
        bench.commitAll()
        #expect(wait() == .answer(.create))
        bench.answer(.failed(.transient(message: "503")))
        guard case .repetition(.create, let time)? = wait() else {
            Issue.record("it waits for \(String(describing: wait()))")
            return
        }
        #expect(time > bench.now.wall)
        bench.wait(bench.now.wall.duration(to: time).inSeconds + 0.1)
        bench.answer(.created(requestID: "r-1"))
        bench.commitAll()
        guard case .service(let look)? = wait() else {
            Issue.record("it waits for \(String(describing: wait()))")
            return
        }
        #expect(look > bench.now.wall)
        #expect(bench.worker.jobSnapshot(oldest: 1, at: bench.now).oldest.first?.requestID == "r-1")
    }

    @Test func jobsCloseToTheirDeadlineAreLate() {
        var bench = Bench()
        bench.enqueue(export("long"), export("short") { $0.deadline = bench.now.wall.advanced(by: .seconds(100)) })
        bench.enqueue(export("shorter") { $0.deadline = bench.now.wall.advanced(by: .seconds(95)) })
        bench.wait(75)
        #expect(bench.worker.jobSnapshot(oldest: 1, at: bench.now).lateCount == 0)
        bench.wait(6)
        let snapshot = bench.worker.jobSnapshot(oldest: 1, at: bench.now)
        #expect(snapshot.lateCount == 2)
        #expect(snapshot.mostLate?.id == "shorter")
    }

    @Test func finishedJobsAreNotCounted() {
        var bench = Bench()
        bench.enqueue(export("job"), cancel("job"))
        bench.commitAll()
        #expect(bench.status("job") == .cancelled)
        #expect(bench.worker.jobSnapshot(oldest: 5, at: bench.now).counts.isEmpty)
    }
}

extension Duration {
    fileprivate var inSeconds: Double { Double(wholeMilliseconds) / 1_000 }
}
