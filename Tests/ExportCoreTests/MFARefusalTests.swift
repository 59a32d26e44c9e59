import Testing

@testable import ExportCore

/// Refusals because multi-factor authentication is required: all calls, or a share of them.
@Suite struct MFARefusalTests {
    private let refused = CallResult.failed(.account(.mfaRequired(message: "900421")))
    private let accepted = CallResult.deleted

    private func scheduler() -> CallScheduler {
        var configuration = CoreConfiguration()
        configuration.accounts = ["a", "b"]
        configuration.requestsPerSecond = [1_000]
        configuration.accountProbeInterval = .seconds(10)
        return CallScheduler(configuration)
    }

    /// Calls that are answered one after the other, and the resulting reports.
    private struct Run {
        var scheduler: CallScheduler
        var reports: [Report] = []
        private var number: UInt32 = 0

        init(_ scheduler: CallScheduler) { self.scheduler = scheduler }

        /// Starts a call and answers it. Returns the answer that its job gets; nil when it may not start.
        mutating func call(_ answer: CallResult, at seconds: Double) -> CallResult? {
            number += 1
            scheduler.enqueue(CallToken(partition: 0, epoch: 1, place: 0, callID: number, kind: .poll, account: 0))
            guard let token = scheduler.next(at: .at(seconds))?.started else { return nil }
            scheduler.started(token, at: .at(seconds))
            let (result, news) = scheduler.classified(token, answer)
            reports += [news, scheduler.finished(token, result, at: .at(seconds))].compactMap(\.self)
            return result
        }

        var isPaused: Bool { scheduler.problem(ofAccount: 0) != nil }
    }

    private func isTransient(_ result: CallResult?) -> Bool {
        if case .failed(.transient) = result { true } else { false }
    }

    @Test func accountWithoutSuccessfulCallPausesForMFA() {
        var run = Run(scheduler())
        for second in 0..<3 { _ = run.call(refused, at: Double(second)) }
        #expect(run.scheduler.problem(ofAccount: 0) == .mfaRequired(message: "900421"))
        #expect(run.reports.count == 1)
        #expect(run.scheduler.problem(ofAccount: 1) == nil)
    }

    @Test func accountPausedForMFAIsProbedOnTokenChangeNotEveryMinute() {
        var run = Run(scheduler())
        for second in 0..<3 { _ = run.call(refused, at: Double(second)) }
        for minute in 1..<60 { #expect(run.call(refused, at: Double(minute * 60)) == nil) }
        run.scheduler.credentialsChanged(at: .at(3_500))
        #expect(run.call(accepted, at: 3_500) != nil)
        #expect(!run.isPaused)
    }

    @Test func accountResumesAfterEnforcementIsLifted() {
        var run = Run(scheduler())
        for second in 0..<3 { _ = run.call(refused, at: Double(second)) }
        #expect(run.call(accepted, at: 2 + 3_600) != nil)
        #expect(!run.isPaused)
    }

    @Test(arguments: [0.1, 0.3, 0.5, 0.7])
    func accountWithPartialEnforcementDoesNotPause(share: Double) {
        for seed in 1...50 as ClosedRange<UInt64> {
            var random = SeededRandom(seed)
            var run = Run(scheduler())
            _ = run.call(accepted, at: 0)
            for second in 1..<300 {
                let isRefused = Double(random.roll(1_000)) < share * 1_000
                let result = run.call(isRefused ? refused : accepted, at: Double(second))
                #expect(result != nil, "paused at \(second)")
                if isRefused { #expect(isTransient(result), "repeated later") }
            }
            #expect(!run.isPaused)
            let shares = run.reports.compactMap { if case .partlyRefused("a", let share) = $0 { share } else { nil } }
            // At one in ten the window may be free of refusals for a while; the next one is reported again.
            #expect(share < 0.3 ? (1...4).contains(shares.count) : shares.count == 1, "one warning: \(shares)")
            #expect(run.reports.count == shares.count)
        }
    }

    @Test func statusReportsRefusedShare() {
        var run = Run(scheduler())
        for second in 0..<8 { _ = run.call(second % 4 == 0 ? refused : accepted, at: Double(second)) }
        #expect(run.scheduler.status(ofAccount: 0).refusedShare == 0.25)
        run.scheduler.credentialsChanged(at: .at(10))
        #expect(run.scheduler.status(ofAccount: 0).refusedShare == nil)
    }

    @Test func completeEnforcementPausesAccount() {
        var run = Run(scheduler())
        for second in 0..<30 { _ = run.call(accepted, at: Double(second)) }
        var calls = 0
        while !run.isPaused, calls < 100 {
            calls += 1
            _ = run.call(refused, at: 30 + Double(calls))
        }
        #expect(calls == MFARefusals.limitWithSuccess)
    }

    @Test func otherFailuresDoNotCountForMFA() {
        var run = Run(scheduler())
        for second in 0..<20 {
            _ = run.call(
                second % 2 == 0 ? .failed(.transient(message: "503")) : .failed(.throttled(retryAfter: nil)),
                at: Double(second * 10)
            )
        }
        #expect(run.scheduler.status(ofAccount: 0).refusedShare == nil)
        #expect(!run.isPaused)
    }

    @Test func jobOfPausedAccountCompletesAfterSignIn() {
        var bench = Bench()
        bench.enqueue(export("job"))
        bench.commitAll()
        for _ in 0..<3 {
            bench.answer(refused)
            bench.wait(120)
        }
        let calls = bench.calls.count
        bench.wait(1_800)
        #expect(bench.calls.count == calls, "no call without a sign-in")
        bench.handle(.credentialsChanged)
        bench.wait(1)
        #expect(bench.calls.count == calls + 1)
        bench.answer(.created(requestID: "r"))
        #expect(bench.phase("job") == .waiting)
    }
}
