import Testing

@testable import ExportCore

/// Accounts that pause, are probed, and resume.
@Suite struct AccountTests {
    private func scheduler(_ configure: (inout CoreConfiguration) -> Void = { _ in }) -> CallScheduler {
        var configuration = CoreConfiguration()
        configuration.accounts = ["a", "b"]
        configuration.requestsPerSecond = [10]
        configuration.accountProbeInterval = .seconds(10)
        configure(&configuration)
        return CallScheduler(configuration)
    }

    private func token(_ kind: CallKind, _ callID: UInt32) -> CallToken {
        CallToken(partition: 0, epoch: 1, place: 0, callID: callID, kind: kind, account: 0)
    }

    /// Starts the next call, as the worker does.
    private func start(_ scheduler: inout CallScheduler, at seconds: Double) -> CallToken? {
        guard let token = scheduler.next(at: .at(seconds))?.started else { return nil }
        scheduler.started(token, at: .at(seconds))
        return token
    }

    private let refused = CallResult.failed(.account(.refused(message: "no")))
    private let locked = CallResult.failed(.account(.locked(message: "locked")))

    private func isResumed(_ report: Report?) -> Bool { if case .accountResumed("a") = report { true } else { false } }

    @Test func refusedAccountPausesAndIsProbedAtGrowingIntervals() throws {
        var scheduler = scheduler()
        for callID in 1...3 as ClosedRange<UInt32> { scheduler.enqueue(token(.poll, callID)) }
        let first = try #require(start(&scheduler, at: 0))
        #expect(scheduler.finished(first, refused, at: .at(0)) != nil)
        #expect(scheduler.next(at: .at(9)) == nil)
        let probe = try #require(start(&scheduler, at: 10))
        #expect(scheduler.next(at: .at(10)) == nil, "one probe at a time")
        #expect(scheduler.finished(probe, refused, at: .at(10)) == nil, "reported once")
        #expect(scheduler.next(at: .at(29)) == nil, "the interval doubles")
        let second = try #require(start(&scheduler, at: 30))
        #expect(isResumed(scheduler.finished(second, .deleted, at: .at(30))))
    }

    @Test func lockedAccountWaitsForNewCredentials() throws {
        var scheduler = scheduler()
        for callID in 1...3 as ClosedRange<UInt32> { scheduler.enqueue(token(.poll, callID)) }
        let first = try #require(start(&scheduler, at: 0))
        let second = try #require(start(&scheduler, at: 0))
        // The second answer reports the lock when the account is already paused.
        _ = scheduler.finished(first, refused, at: .at(0))
        _ = scheduler.finished(second, locked, at: .at(0))
        #expect(scheduler.next(at: .at(1_000_000)) == nil)
        scheduler.credentialsChanged(at: .at(1_000_001))
        #expect(scheduler.next(at: .at(1_000_001)) != nil)
    }

    @Test func downloadContinuesWhileAccountIsPaused() {
        var scheduler = scheduler()
        scheduler.enqueue(token(.poll, 1))
        if let call = start(&scheduler, at: 0) { _ = scheduler.finished(call, locked, at: .at(0)) }
        scheduler.enqueue(token(.download, 2))
        #expect(scheduler.nextChange(after: .at(1)) == .at(1))
        #expect(scheduler.next(at: .at(1))?.started?.kind == .download)
    }

    @Test(arguments: [true, false])
    func answeredDownloadDoesNotChangePausedAccount(succeeds: Bool) throws {
        var scheduler = scheduler()
        scheduler.enqueue(token(.poll, 1))
        let call = try #require(start(&scheduler, at: 0))
        _ = scheduler.finished(call, refused, at: .at(0))
        scheduler.enqueue(token(.download, 2))
        scheduler.enqueue(token(.poll, 3))
        let download = try #require(start(&scheduler, at: 1))
        #expect(download.kind == .download)
        _ = scheduler.finished(
            download,
            succeeds ? .stored(storedFile) : .failed(.transient(message: "reset")),
            at: .at(2)
        )
        #expect(scheduler.nextChange(after: .at(2)) == .at(10), "the time of the probe is unchanged")
        let probe = try #require(start(&scheduler, at: 10))
        #expect(isResumed(scheduler.finished(probe, .deleted, at: .at(10))))
    }

    @Test func failedDownloadDoesNotProbeALockedAccount() throws {
        var scheduler = scheduler()
        scheduler.enqueue(token(.poll, 1))
        let call = try #require(start(&scheduler, at: 0))
        _ = scheduler.finished(call, locked, at: .at(0))
        scheduler.enqueue(token(.download, 2))
        scheduler.enqueue(token(.poll, 3))
        let download = try #require(start(&scheduler, at: 1))
        _ = scheduler.finished(download, .failed(.transient(message: "reset")), at: .at(2))
        #expect(scheduler.next(at: .at(100_000)) == nil)
    }

    @Test func probeEndsOnlyWithItsOwnAnswer() throws {
        var scheduler = scheduler()
        for callID in 1...4 as ClosedRange<UInt32> { scheduler.enqueue(token(.poll, callID)) }
        let first = try #require(start(&scheduler, at: 0))
        let slow = try #require(start(&scheduler, at: 0))
        _ = scheduler.finished(first, refused, at: .at(0))
        let probe = try #require(start(&scheduler, at: 10))
        #expect(scheduler.finished(slow, .failed(.transient(message: "503")), at: .at(11)) == nil)
        #expect(scheduler.next(at: .at(1_000)) == nil, "the probe is still in flight")
        #expect(isResumed(scheduler.finished(probe, .deleted, at: .at(1_000))))
    }

    @Test func callWithOldCredentialsDoesNotLockAccountAgain() throws {
        var scheduler = scheduler()
        for callID in 1...4 as ClosedRange<UInt32> { scheduler.enqueue(token(.poll, callID)) }
        let first = try #require(start(&scheduler, at: 0))
        let slow = try #require(start(&scheduler, at: 0))
        _ = scheduler.finished(first, locked, at: .at(0))
        scheduler.credentialsChanged(at: .at(5))
        let probe = try #require(start(&scheduler, at: 5))
        #expect(scheduler.finished(slow, locked, at: .at(6)) == nil)
        #expect(isResumed(scheduler.finished(probe, .deleted, at: .at(7))))
        #expect(start(&scheduler, at: 8) != nil)
    }

    @Test func callStartedBeforeSuccessfulProbeDoesNotLockAccount() throws {
        var scheduler = scheduler()
        for callID in 1...4 as ClosedRange<UInt32> { scheduler.enqueue(token(.poll, callID)) }
        let first = try #require(start(&scheduler, at: 0))
        let slow = try #require(start(&scheduler, at: 0))
        _ = scheduler.finished(first, refused, at: .at(0))
        let probe = try #require(start(&scheduler, at: 10))
        #expect(isResumed(scheduler.finished(probe, .deleted, at: .at(11))))
        #expect(scheduler.finished(slow, locked, at: .at(12)) == nil)
        #expect(start(&scheduler, at: 13) != nil)
    }

    @Test func accountsBeyondMaximumAreIgnored() {
        var configuration = CoreConfiguration()
        configuration.accounts = (0..<70_000).map { "account-\($0)" }
        let machine = PartitionMachine(partition: 0, epoch: 1, configuration: configuration)
        #expect(machine.number(ofAccount: "account-65533") == 65_533)
        #expect(machine.number(ofAccount: "account-69999") == nil)
        var scheduler = CallScheduler(configuration)
        #expect(scheduler.next(at: .at(0)) == nil)
    }
}
