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

    private func token(_ kind: CallKind, account: UInt16 = 0, callID: UInt32 = 1) -> CallToken {
        CallToken(partition: 0, epoch: 1, place: 0, callID: callID, kind: kind, account: account)
    }

    private func next(_ scheduler: inout CallScheduler, at seconds: Double) throws -> CallToken {
        let token = scheduler.next(at: .at(seconds))?.started
        return try #require(token)
    }

    /// Starts every call as soon as it may start and answers it at once, until `end`.
    private func run(_ scheduler: inout CallScheduler, until end: Double) -> [CallToken] {
        var now = MonotonicInstant.at(0)
        var result: [CallToken] = []
        while now < .at(end) {
            while let token = scheduler.next(at: now)?.started {
                scheduler.started(token, at: now)
                _ = scheduler.finished(token, .deleted, at: now)
                result.append(token)
            }
            guard let next = scheduler.nextChange(after: now), next > now else { break }
            now = next
        }
        return result
    }

    @Test func accountsAndCallKindsTakeTurns() {
        var scheduler = scheduler()
        for callID in 1...200 as ClosedRange<UInt32> { scheduler.enqueue(token(.poll, callID: callID)) }
        for callID in 1...20 as ClosedRange<UInt32> {
            scheduler.enqueue(token(.create, callID: callID))
            scheduler.enqueue(token(.poll, account: 1, callID: callID))
        }
        let first = run(&scheduler, until: 1.5).prefix(40)
        // The other account has its own budget, and creations alternate with polls.
        #expect(first.count { $0.account == 1 } >= 15)
        #expect(first.count { $0.account == 0 && $0.kind == .create } >= 9)
    }

    @Test func callsStayWithinBudget() {
        var scheduler = scheduler()
        for callID in 1...500 as ClosedRange<UInt32> { scheduler.enqueue(token(.poll, callID: callID)) }
        scheduler.setShare(owned: 1, of: 2, at: .at(0))
        // Five a second, and a burst of five.
        let count = run(&scheduler, until: 10).count
        #expect(count >= 50 && count <= 56)
    }

    @Test func downloadsUseNoBudgetAndHaveTheirOwnLimit() {
        var scheduler = scheduler { $0.maxConcurrentDownloads = 3 }
        scheduler.setShare(owned: 0, of: 2, at: .at(0))
        for callID in 1...9 as ClosedRange<UInt32> { scheduler.enqueue(token(.download, callID: callID)) }
        for _ in 0..<3 { #expect(scheduler.next(at: .at(0)) != nil) }
        #expect(scheduler.next(at: .at(0)) == nil)
        #expect(scheduler.nextChange(after: .at(0)) == .at(10), "the end of a turn")
    }

    @Test func nextChangeIncludesDownloadWhileCallsAreAtTheirLimit() {
        var scheduler = scheduler { $0.maxConcurrentRequests = 1 }
        scheduler.enqueue(token(.poll, callID: 1))
        scheduler.enqueue(token(.poll, callID: 2))
        scheduler.enqueue(token(.download, callID: 3))
        _ = scheduler.next(at: .at(0))
        if let download = scheduler.next(at: .at(0))?.started {
            _ = scheduler.finished(download, .failed(.storeUnavailable(message: "full")), at: .at(0))
        }
        scheduler.enqueue(token(.download, callID: 4))
        #expect(scheduler.next(at: .at(0)) == nil)
        #expect(scheduler.nextChange(after: .at(0)) == .at(5))
    }

    @Test func retryAfterBlocksOnlyItsCallKind() {
        var scheduler = scheduler()
        let throttled = token(.poll)
        scheduler.enqueue(throttled)
        _ = scheduler.next(at: .at(0))
        let report = scheduler.finished(throttled, .failed(.throttled(retryAfter: .seconds(30))), at: .at(0))
        #expect({ if case .throttled("a", .poll, .seconds(30), nil) = report { true } else { false } }())
        scheduler.enqueue(throttled)
        scheduler.enqueue(token(.create))
        #expect(scheduler.next(at: .at(0))?.started?.kind == .create)
        #expect(scheduler.next(at: .at(29)) == nil)
        #expect(scheduler.next(at: .at(30))?.started?.kind == .poll)
    }

    @Test func retryAfterIsCappedAtFifteenMinutes() {
        var scheduler = scheduler()
        scheduler.enqueue(token(.poll))
        _ = scheduler.next(at: .at(0))
        let asked = Duration.seconds(99_999_999_999)
        let report = scheduler.finished(token(.poll), .failed(.throttled(retryAfter: asked)), at: .at(0))
        #expect({ if case .throttled("a", .poll, .seconds(900), asked) = report { true } else { false } }())
        scheduler.enqueue(token(.poll, callID: 2))
        #expect(scheduler.next(at: .at(899)) == nil)
        #expect(scheduler.next(at: .at(900)) != nil)
    }

    @Test func pollIntervalGrowsWithAgeBetweenItsBounds() {
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
