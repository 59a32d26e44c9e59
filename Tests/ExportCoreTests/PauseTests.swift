import Testing

@testable import ExportCore

@Suite("Pauses")
struct PauseTests {
    private static func configureTwo(_ configuration: inout CoreConfiguration) {
        configuration.accounts = ["default", "other"]
        configuration.requestsPerSecond = [20, 20]
        configuration.storesFiles = true
    }

    private func pause(
        account: String? = nil,
        kind: ExportKind? = nil,
        until: Instant? = nil,
        calls: Bool = false
    ) -> JobInput.Content {
        .pause(JobPause(target: PauseTarget(account: account, kind: kind), until: until, holdsCalls: calls))
    }

    private func submitted(_ bench: Bench) -> [String] {
        bench.calls.filter { $0.token.kind == .create }.map(\.job.id)
    }

    private func audit(_ bench: inout Bench) -> String? {
        let ended = bench.calls.map(\.token)
        return bench.worker.audit(inFlight: Set(ended), at: bench.now, tables: true)
    }

    // MARK: Submissions

    @Test func pausedJobsAreNotSubmittedAndOthersAre() {
        var bench = Bench(Self.configureTwo)
        bench.enqueue(pause(account: "other", kind: .payments))
        bench.commitAll()
        bench.enqueue(
            export("held") { $0.account = "other" },
            export("kind") {
                $0.account = "other"
                $0.kind = .transactionHistory
            },
            export("account")
        )
        bench.commitAll()
        #expect(submitted(bench).sorted() == ["account", "kind"])
        #expect(bench.phase("held") == .submitting)
        #expect(
            bench.worker.status().partitions[0].pauses.map(\.target) == [PauseTarget(account: "other", kind: .payments)]
        )
        #expect(
            bench.worker.nextWake(after: bench.now).map { $0 > bench.now.monotonic.advanced(by: .seconds(3_600)) }
                ?? true
        )
        #expect(audit(&bench) == nil)
    }

    @Test func callsThatWaitForBudgetAreHeldBackToo() {
        var bench = Bench { $0.requestsPerSecond = [1] }
        bench.enqueue(export("first"), export("second"), export("third"))
        bench.commitAll()
        #expect(submitted(bench) == ["first"])
        bench.enqueue(pause())
        bench.commitAll()
        bench.wait(10)
        #expect(submitted(bench) == ["first"])
        bench.enqueue(.resume(PauseTarget()))
        bench.commitAll()
        for _ in 0..<4 { bench.wait(1.1) }
        #expect(submitted(bench) == ["first", "second", "third"])
    }

    @Test func resumeTakesEffectWhenItIsCommitted() {
        var bench = Bench()
        bench.enqueue(pause())
        bench.commitAll()
        bench.enqueue(export("job"))
        bench.commitAll()
        bench.actions = []
        bench.enqueue(.resume(PauseTarget()))
        bench.wait(1)
        #expect(bench.calls.isEmpty)
        #expect(bench.stored.contains(.pauses([])))
        bench.commitAll()
        #expect(submitted(bench) == ["job"])
        #expect(bench.reports.contains { if case .jobsResumed(0, _) = $0 { true } else { false } })
    }

    @Test func pauseHoldsOnlyItsPartition() {
        var bench = Bench(partitions: 2)
        bench.enqueue(pause(), partition: 0)
        bench.enqueue(export("held"), partition: 0)
        bench.enqueue(export("free"), partition: 1)
        bench.commitAll()
        #expect(submitted(bench) == ["free"])
    }

    @Test func deadlineAndCancelEndPausedJobs() {
        var bench = Bench()
        bench.enqueue(pause(calls: true))
        bench.enqueue(export("late") { $0.deadline = bench.now.wall.advanced(by: .seconds(60)) }, export("cancelled"))
        bench.commitAll()
        bench.enqueue(cancel("cancelled"))
        bench.wait(61)
        bench.commitAll()
        #expect(bench.status("late") == .failed)
        #expect(bench.code("late") == .deadlineExceeded)
        #expect(bench.status("cancelled") == .cancelled)
        #expect(bench.calls.isEmpty)
        bench.enqueue(.resume(PauseTarget()))
        bench.commitAll()
        #expect(bench.calls.isEmpty)
    }

    // MARK: Polls and downloads

    @Test(arguments: [false, true]) func pollsAreHeldBackOnlyWithCalls(holdsCalls: Bool) {
        var bench = Bench()
        bench.enqueue(export("job"))
        bench.commitAll()
        bench.answer(.created(requestID: "r-1"))
        bench.enqueue(pause(calls: holdsCalls))
        bench.commitAll()
        bench.wait(600)
        #expect(bench.calls.contains { $0.token.kind == .poll } == !holdsCalls)
        let wait = bench.worker.job("job", at: bench.now)?.wait
        if holdsCalls {
            guard case .paused(.poll, let found)? = wait else {
                Issue.record("it waits for \(String(describing: wait))")
                return
            }
            #expect(found.holdsCalls)
        }
        bench.enqueue(.resume(PauseTarget()))
        bench.commitAll()
        #expect(bench.calls.contains { $0.token.kind == .poll })
    }

    @Test func downloadThatWaitsForPauseHoldsNoSlot() {
        var bench = Bench {
            Self.configureTwo(&$0)
            $0.maxConcurrentDownloads = 1
        }
        for account in ["other", "default"] {
            bench.enqueue(export(account) { $0.account = account })
            bench.commitAll()
            bench.answer(.created(requestID: "r-\(account)"))
            bench.commitAll()
        }
        bench.enqueue(pause(account: "other", calls: true))
        bench.commitAll()
        bench.actions = []
        bench.wait(60)
        #expect(bench.calls.map(\.job.id) == ["default"])
        bench.answer(ready)
        bench.commitAll()
        #expect(bench.calls.last?.token.kind == .download)
        #expect(bench.calls.last?.job.id == "default")
    }

    // MARK: Ends

    @Test func pauseEndsAutomatically() {
        var bench = Bench()
        bench.enqueue(pause(until: bench.now.wall.advanced(by: .seconds(300))))
        bench.enqueue(export("job"))
        bench.commitAll()
        #expect(bench.calls.isEmpty)
        bench.wait(299)
        #expect(bench.calls.isEmpty)
        bench.wait(2)
        bench.commitAll()
        #expect(submitted(bench) == ["job"])
        #expect(bench.worker.status().partitions[0].pauses.isEmpty)
    }

    @Test func resumeEndsEveryPauseOfItsJobs() {
        var bench = Bench(Self.configureTwo)
        bench.enqueue(
            pause(account: "other"),
            pause(account: "other", kind: .payments),
            pause(kind: .payments),
            pause()
        )
        bench.enqueue(.resume(PauseTarget(account: "other")))
        bench.commitAll()
        let left = bench.worker.status().partitions[0].pauses.map(\.target)
        #expect(left == [PauseTarget(kind: .payments), PauseTarget()])
    }

    @Test func pauseOfEqualTargetIsReplaced() {
        var bench = Bench()
        bench.enqueue(pause(calls: true), pause())
        bench.commitAll()
        let pauses = bench.worker.status().partitions[0].pauses
        #expect(pauses.count == 1)
        #expect(pauses.first?.holdsCalls == false)
    }

    // MARK: Restore

    @Test func restoredPartitionHasItsPausesAndTheirJobs() {
        var bench = Bench()
        bench.enqueue(pause(until: bench.now.wall.advanced(by: .seconds(900))), export("job"))
        bench.commitAll()
        let records = [bench.origin] + bench.stored
        let before = bench.worker.status().partitions[0].pauses
        bench.handle(.lost([0]))
        bench.assign(0, epoch: 2, records)
        bench.commitAll()
        #expect(bench.worker.status().partitions[0].pauses == before)
        #expect(bench.calls.isEmpty)
        #expect(audit(&bench) == nil)
        bench.wait(901)
        bench.commitAll()
        #expect(submitted(bench) == ["job"])
    }

    // MARK: Refusals

    @Test func commandForUnknownAccountIsDeadLettered() {
        var bench = Bench()
        bench.enqueue(pause(account: "missing"), .resume(PauseTarget(account: "missing")))
        bench.commitAll()
        let reasons = bench.reports.compactMap { report in
            if case .deadLettered(0, _, let reason) = report { reason } else { nil }
        }
        #expect(reasons.count == 2)
        #expect(reasons.allSatisfy { $0.contains("'missing'") })
        #expect(bench.events.isEmpty)
    }

    @Test func pausesOfPartitionAreBounded() {
        var bench = Bench { $0.accounts = (0..<65).map { "account-\($0)" } }
        for number in 0..<65 { bench.enqueue(pause(account: "account-\(number)")) }
        bench.commitAll()
        #expect(bench.worker.status().partitions[0].pauses.count == PauseTable.limit)
        #expect(bench.reports.count { if case .deadLettered = $0 { true } else { false } } == 1)
    }

    @Test func textsOfPausesAreBounded() {
        var bench = Bench { $0.accounts = (0..<20).map { "account-\($0)" } }
        for number in 0..<20 {
            let target = PauseTarget(account: "account-\(number)")
            bench.enqueue(.pause(JobPause(target: target, reason: String(repeating: "r", count: 256))))
        }
        bench.commitAll()
        let pauses = bench.worker.status().partitions[0].pauses
        #expect(pauses.count == 15)
        #expect(pauses.reduce(0) { $0 + $1.textBytes } <= PauseTable.textLimit)
        let refused = bench.reports.count { report in
            if case .deadLettered(_, _, let reason) = report { reason.contains("4096") } else { false }
        }
        #expect(refused == 5)
    }

    // MARK: Intake

    /// The command that resumes them is behind them in the topic.
    @Test func pausedJobsDoNotPauseIntake() {
        var bench = Bench { $0.maxPending = 2 }
        bench.enqueue(pause())
        bench.commitAll()
        for number in 0..<30 { bench.enqueue(export("job-\(number)")) }
        bench.commitAll()
        #expect(bench.intake.isEmpty)
        bench.enqueue(.resume(PauseTarget()))
        bench.commitAll()
        #expect(bench.intake.first == true)
    }

    @Test func staleCallsOfLongPauseAreRemoved() {
        var bench = Bench()
        bench.enqueue(pause())
        bench.commitAll()
        for number in 0..<5_000 {
            bench.enqueue(export("job-\(number)"), cancel("job-\(number)"))
            if number % 500 == 0 { bench.commitAll() }
        }
        bench.commitAll()
        #expect(bench.worker.slots[0]?.machine.pauses.parked.count ?? .max < 2_500)
    }
}
