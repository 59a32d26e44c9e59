import Testing

@testable import ExportCore

@Suite struct SchedulingTests {
    private func scheduler(_ configure: (inout CoreConfiguration) -> Void = { _ in }) -> CallScheduler {
        var configuration = CoreConfiguration()
        configuration.accounts = ["a", "b"]
        configuration.requestsPerSecond = [10]
        configure(&configuration)
        return CallScheduler(configuration)
    }

    private func token(_ kind: CallKind, account: UInt16 = 0, ticket: UInt32 = 1) -> CallToken {
        CallToken(partition: 0, epoch: 1, place: 0, ticket: ticket, kind: kind, account: account)
    }

    private func next(_ scheduler: inout CallScheduler, at seconds: Double) throws -> CallToken {
        let token = scheduler.next(at: .at(seconds))
        return try #require(token)
    }

    /// Starts what may start now, answers it at once, and goes on until `end`.
    private func run(_ scheduler: inout CallScheduler, until end: Double) -> [CallToken] {
        var now = Instant.at(0)
        var result: [CallToken] = []
        while now < .at(end) {
            while let token = scheduler.next(at: now) {
                scheduler.started(token, at: now)
                _ = scheduler.finished(token, .deleted, at: now)
                result.append(token)
            }
            guard let next = scheduler.nextChange(after: now), next > now else { break }
            now = next
        }
        return result
    }

    @Test func accountsAndKindsShareFairly() {
        var scheduler = scheduler()
        for ticket in 1...200 as ClosedRange<UInt32> { scheduler.enqueue(token(.poll, ticket: ticket)) }
        for ticket in 1...20 as ClosedRange<UInt32> {
            scheduler.enqueue(token(.create, ticket: ticket))
            scheduler.enqueue(token(.poll, account: 1, ticket: ticket))
        }
        let first = run(&scheduler, until: 1.5).prefix(40)
        // The other account has its own budget, and creations come in turn with polls.
        #expect(first.count { $0.account == 1 } >= 15)
        #expect(first.count { $0.account == 0 && $0.kind == .create } >= 9)
    }

    @Test func theBudgetHolds() {
        var scheduler = scheduler()
        for ticket in 1...500 as ClosedRange<UInt32> { scheduler.enqueue(token(.poll, ticket: ticket)) }
        scheduler.setShare(owned: 1, of: 2, at: .at(0))
        // Five a second and a bucket of five.
        let count = run(&scheduler, until: 10).count
        #expect(count >= 50 && count <= 56)
    }

    @Test func downloadsCostNoBudgetAndHaveTheirOwnLimit() {
        var scheduler = scheduler { $0.maxConcurrentDownloads = 3 }
        scheduler.setShare(owned: 0, of: 2, at: .at(0))
        for ticket in 1...9 as ClosedRange<UInt32> { scheduler.enqueue(token(.download, ticket: ticket)) }
        for _ in 0..<3 { #expect(scheduler.next(at: .at(0)) != nil) }
        #expect(scheduler.next(at: .at(0)) == nil)
        #expect(scheduler.nextChange(after: .at(0)) == nil)
    }

    @Test func aFullHouseForCallsDoesNotHideADownloadsTime() {
        var scheduler = scheduler { $0.maxConcurrentRequests = 1 }
        scheduler.enqueue(token(.poll, ticket: 1))
        scheduler.enqueue(token(.poll, ticket: 2))
        scheduler.enqueue(token(.download, ticket: 3))
        _ = scheduler.next(at: .at(0))
        if let download = scheduler.next(at: .at(0)) {
            _ = scheduler.finished(download, .failed(.throttled(retryAfter: .seconds(5))), at: .at(0))
        }
        scheduler.enqueue(token(.download, ticket: 4))
        #expect(scheduler.next(at: .at(0)) == nil)
        #expect(scheduler.nextChange(after: .at(0)) == .at(5))
    }

    @Test func retryAfterStopsTheKindAndNoOther() {
        var scheduler = scheduler()
        let told = token(.poll)
        scheduler.enqueue(told)
        _ = scheduler.next(at: .at(0))
        let report = scheduler.finished(told, .failed(.throttled(retryAfter: .seconds(30))), at: .at(0))
        #expect({ if case .throttled("a", .poll, .seconds(30)) = report { true } else { false } }())
        scheduler.enqueue(told)
        scheduler.enqueue(token(.create))
        #expect(scheduler.next(at: .at(0))?.kind == .create)
        #expect(scheduler.next(at: .at(29)) == nil)
        #expect(scheduler.next(at: .at(30))?.kind == .poll)
    }

    @Test func aRefusedAccountPausesAndIsProbed() throws {
        var scheduler = scheduler { $0.accountProbeInterval = .seconds(10) }
        let refused = CallResult.failed(.account(.refused(message: "no")))
        for ticket in 1...3 as ClosedRange<UInt32> { scheduler.enqueue(token(.poll, ticket: ticket)) }
        let first = try next(&scheduler, at: 0)
        #expect(scheduler.finished(first, refused, at: .at(0)) != nil)
        #expect(scheduler.next(at: .at(9)) == nil)
        let probe = try next(&scheduler, at: 10)
        scheduler.started(probe, at: .at(10))
        #expect(scheduler.next(at: .at(10)) == nil, "one probe at a time")
        #expect(scheduler.finished(probe, refused, at: .at(10)) == nil, "reported once")
        #expect(scheduler.next(at: .at(29)) == nil, "the interval doubles")
        let second = try next(&scheduler, at: 30)
        scheduler.started(second, at: .at(30))
        let report = scheduler.finished(second, .deleted, at: .at(30))
        #expect({ if case .accountResumed("a") = report { true } else { false } }())
    }

    @Test func aLockedAccountWaitsForNewCredentials() throws {
        var scheduler = scheduler()
        for ticket in 1...3 as ClosedRange<UInt32> { scheduler.enqueue(token(.poll, ticket: ticket)) }
        let first = try next(&scheduler, at: 0)
        let second = try next(&scheduler, at: 0)
        // The lock comes with the second answer, when the account is paused already.
        _ = scheduler.finished(first, .failed(.account(.refused(message: "no"))), at: .at(0))
        _ = scheduler.finished(second, .failed(.account(.locked(message: "locked"))), at: .at(0))
        #expect(scheduler.next(at: .at(1_000_000)) == nil)
        scheduler.credentialsChanged(at: .at(1_000_001))
        #expect(scheduler.next(at: .at(1_000_001)) != nil)
    }

    @Test func aDownloadGoesOnWhenTheAccountIsPaused() {
        var scheduler = scheduler()
        scheduler.enqueue(token(.poll))
        if let call = scheduler.next(at: .at(0)) {
            _ = scheduler.finished(call, .failed(.account(.locked(message: "locked"))), at: .at(0))
        }
        scheduler.enqueue(token(.download, ticket: 2))
        #expect(scheduler.nextChange(after: .at(1)) == .at(1))
        #expect(scheduler.next(at: .at(1))?.kind == .download)
    }

    @Test func aClockThatGoesBackDoesNotProlongAWait() {
        var scheduler = scheduler()
        scheduler.enqueue(token(.poll))
        if let call = scheduler.next(at: .at(3_600)) {
            _ = scheduler.finished(call, .failed(.throttled(retryAfter: .seconds(10))), at: .at(3_600))
        }
        scheduler.enqueue(token(.poll, ticket: 2))
        scheduler.clockWentBack(by: .seconds(3_600))
        #expect(scheduler.next(at: .at(9)) == nil)
        #expect(scheduler.next(at: .at(10)) != nil)
        #expect(scheduler.next(at: .at(10)) == nil)
    }

    @Test func theBreakerOpensProbesAndCloses() {
        var configuration = IntakeBreaker.Configuration()
        configuration.window = 20
        configuration.probes = 5
        var breaker = IntakeBreaker(configuration)
        for _ in 0..<20 { breaker.count(refusal: true, at: .at(0)) }
        #expect(breaker.isOpen)
        #expect(breaker.nextChange == .at(30))
        breaker.advance(to: .at(30))
        #expect(!breaker.isOpen)
        for _ in 0..<5 { breaker.count(refusal: true, at: .at(31)) }
        #expect(breaker.nextChange == .at(91), "twice as long")
        breaker.advance(to: .at(91))
        for _ in 0..<5 { breaker.count(refusal: false, at: .at(92)) }
        for refusal in 0..<19 { breaker.count(refusal: refusal > 1, at: .at(93)) }
        breaker.count(refusal: true, at: .at(93))
        #expect(!breaker.isOpen, "eighteen of twenty are below the threshold")
    }

    @Test func thePaceGrowsWithAgeBetweenItsBounds() {
        let pace = PollPace(minimum: .seconds(5), maximum: .seconds(300))
        var last: Int64 = 0
        for age in stride(from: Int64(0), through: 90_000_000, by: 100_000) {
            let wait = pace.interval(age: age, hash: 1_234_567)
            #expect(wait >= 5_000 && wait <= 300_000)
            #expect(wait >= last)
            last = wait
            for hash in [0, 1 << 31, .max] as [UInt32] {
                #expect((0...pace.interval(age: age, hash: hash)).contains(pace.firstInterval(age: age, hash: hash)))
            }
        }
        #expect(last >= 270_000)
    }

    @Test func backOffDoublesWithinItsBounds() {
        let backOff = BackOff(minimum: .seconds(1), maximum: .seconds(300))
        for failures in 1...100 {
            let base = min(300_000, 1_000 << Int64(min(failures - 1, 20)))
            for hash in [0, 77, .max] as [UInt32] {
                let wait = backOff.interval(failures: failures, hash: hash)
                #expect(wait >= base / 2 && wait <= base)
            }
        }
    }
}
