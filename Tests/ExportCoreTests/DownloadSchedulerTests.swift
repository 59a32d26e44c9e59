import Testing

@testable import ExportCore

@Suite struct DownloadSchedulerTests {
    /// One scheduler, and what it permits.
    private struct Fixture {
        var scheduler: DownloadScheduler
        private var lastCallID: UInt32 = 0
        private var names: [CallToken: String] = [:]
        private var tokens: [String: CallToken] = [:]

        init(slots: Int, accounts: Int = 2) {
            var configuration = CoreConfiguration()
            configuration.accounts = (0..<accounts).map { "account\($0)" }
            configuration.maxConcurrentDownloads = slots
            configuration.downloadTurn = .seconds(10)
            configuration.storeProbeInterval = .seconds(5)
            scheduler = DownloadScheduler(configuration)
        }

        mutating func enqueue(_ names: String..., account: UInt16 = 0, partition: Int32 = 0) {
            for name in names {
                lastCallID += 1
                let token = CallToken(
                    partition: partition,
                    epoch: 1,
                    place: 0,
                    callID: lastCallID,
                    kind: .download,
                    account: account
                )
                self.names[token] = name
                tokens[name] = token
                scheduler.enqueue(token)
            }
        }

        /// Every step that is due, such as `start a` or `suspend b`.
        mutating func steps(at seconds: Double) -> [String] {
            var steps: [String] = []
            while let step = scheduler.next(at: .at(seconds)) {
                switch step {
                case .start(let token): steps.append("start \(names[token] ?? "")")
                case .suspend(let token): steps.append("suspend \(names[token] ?? "")")
                case .resume(let token): steps.append("resume \(names[token] ?? "")")
                }
            }
            return steps
        }

        @discardableResult
        mutating func end(_ name: String, _ result: CallResult? = .stored(storedFile), at seconds: Double) -> Report? {
            tokens[name].flatMap { scheduler.ended($0, result, at: .at(seconds)) }
        }

        func nextChange(after seconds: Double) -> MonotonicInstant? { scheduler.nextChange(after: .at(seconds)) }
    }

    private let unavailable = CallResult.failed(.storeUnavailable(message: "full"))

    @Test func atMostAsManyDownloadsRunAsThereAreSlots() {
        var fixture = Fixture(slots: 2)
        fixture.enqueue("a", "b", "c")
        #expect(fixture.steps(at: 0) == ["start a", "start b"])
        fixture.end("a", at: 1)
        #expect(fixture.steps(at: 1) == ["start c"])
    }

    @Test func accountsShareSlotsEqually() {
        var fixture = Fixture(slots: 4)
        fixture.enqueue("a1", "a2", "a3", "a4")
        #expect(fixture.steps(at: 0).count == 4)
        fixture.enqueue("a5", "a6")
        fixture.enqueue("b1", "b2", "b3", account: 1)
        for name in ["a1", "a2"] { fixture.end(name, at: 1) }
        #expect(fixture.steps(at: 1) == ["start b1", "start b2"])
    }

    @Test func partitionsOfAccountTakeTurns() {
        var fixture = Fixture(slots: 1)
        fixture.enqueue("p1", "p2", partition: 0)
        fixture.enqueue("q1", "q2", partition: 1)
        var order: [String] = []
        for second in 0..<4 {
            let started = fixture.steps(at: Double(second))
            order += started
            fixture.end(started.first.map { String($0.dropFirst(6)) } ?? "", at: Double(second) + 1)
        }
        #expect(order == ["start p1", "start q1", "start p2", "start q2"])
    }

    @Test func smallFilesOfOneAccountGetAsMuchTimeAsLargeFilesOfAnother() {
        var fixture = Fixture(slots: 1)
        fixture.enqueue("large", account: 1)
        _ = fixture.steps(at: 0)
        var (small, now) = (0, 0.0)
        fixture.enqueue("s0")
        while now < 40 {
            for step in fixture.steps(at: now) where step.hasPrefix("start s") {
                fixture.end("s\(small)", at: now + 0.5)
                small += 1
                fixture.enqueue("s\(small)")
            }
            now += 0.5
        }
        // Twenty of the forty seconds.
        #expect((38...42).contains(small), "\(small) small files")
    }

    @Test func downloadIsSuspendedAfterItsTurnWhenAnotherWaits() {
        var fixture = Fixture(slots: 1)
        fixture.enqueue("large", "small")
        #expect(fixture.steps(at: 0) == ["start large"])
        #expect(fixture.nextChange(after: 1) == .at(10))
        #expect(fixture.steps(at: 9.9).isEmpty)
        #expect(fixture.steps(at: 10) == ["suspend large", "start small"])
        fixture.end("small", at: 11)
        #expect(fixture.steps(at: 11) == ["resume large"])
    }

    @Test func turnLastsWhileNoOtherDownloadWaits() {
        var fixture = Fixture(slots: 1)
        fixture.enqueue("large")
        #expect(fixture.steps(at: 0) == ["start large"])
        #expect(fixture.nextChange(after: 100) == nil)
        #expect(fixture.steps(at: 100).isEmpty)
        fixture.enqueue("small")
        #expect(fixture.steps(at: 100) == ["suspend large", "start small"])
    }

    @Test func suspendedDownloadContinuesWhenNewOnesHaveUsedATurn() {
        var fixture = Fixture(slots: 1)
        fixture.enqueue("large", "s0")
        #expect(fixture.steps(at: 0) == ["start large"])
        #expect(fixture.steps(at: 10) == ["suspend large", "start s0"])
        // Small files arrive continuously.
        for number in 0..<20 {
            fixture.enqueue("s\(number + 1)")
            fixture.end("s\(number)", at: 11 + Double(number))
            let steps = fixture.steps(at: 11 + Double(number))
            guard steps == ["resume large"] else { continue }
            #expect(number == 9)
            return
        }
        Issue.record("the large file was never resumed")
    }

    @Test func largeFilesTakeTurnsInOrder() {
        var fixture = Fixture(slots: 1)
        fixture.enqueue("a", "b", "c")
        #expect(fixture.steps(at: 0) == ["start a"])
        #expect(fixture.steps(at: 10) == ["suspend a", "start b"])
        // One slot has room for one suspended download.
        #expect(fixture.steps(at: 20) == ["suspend b", "resume a"])
        #expect(fixture.steps(at: 30) == ["suspend a", "resume b"])
        fixture.end("b", at: 31)
        #expect(fixture.steps(at: 31) == ["start c"])
    }

    @Test func accountWithoutOpenDownloadNeedsNoRoom() {
        var fixture = Fixture(slots: 1)
        fixture.enqueue("a1", "a2")
        #expect(fixture.steps(at: 0) == ["start a1"])
        #expect(fixture.steps(at: 10) == ["suspend a1", "start a2"])
        fixture.enqueue("b", account: 1)
        #expect(fixture.steps(at: 20) == ["suspend a2", "start b"])
        fixture.enqueue("a3")
        #expect(fixture.steps(at: 30) == ["suspend b", "resume a1"], "a third file of the account has no room")
    }

    @Test func suspendedDownloadThatEndsLeavesItsQueue() {
        var fixture = Fixture(slots: 1)
        fixture.enqueue("large", "small")
        _ = fixture.steps(at: 0)
        _ = fixture.steps(at: 10)
        fixture.end("large", .failed(.abandoned), at: 11)
        fixture.end("small", at: 12)
        #expect(fixture.steps(at: 12).isEmpty)
        #expect(fixture.scheduler.waitingCount == 0)
        #expect(fixture.scheduler.runningCount == 0)
    }

    @Test func unsentDownloadFreesItsSlot() {
        var fixture = Fixture(slots: 1)
        fixture.enqueue("stale", "other")
        #expect(fixture.steps(at: 0) == ["start stale"])
        fixture.end("stale", nil, at: 0)
        #expect(fixture.steps(at: 0) == ["start other"])
    }

    // MARK: The file store

    @Test func unavailableStorePausesDownloadsUntilOneProbeSucceeds() {
        var fixture = Fixture(slots: 2)
        fixture.enqueue("a", "b", "c", "d")
        #expect(fixture.steps(at: 0) == ["start a", "start b"])
        guard case .storePaused("full") = fixture.end("a", unavailable, at: 1) else {
            Issue.record("the pause is not reported")
            return
        }
        #expect(fixture.end("b", unavailable, at: 2) == nil, "reported once")
        #expect(fixture.steps(at: 5.9).isEmpty)
        #expect(fixture.nextChange(after: 2) == .at(6))
        #expect(fixture.steps(at: 6) == ["start c"], "one probe at a time")
        #expect(fixture.end("c", unavailable, at: 7) == nil)
        #expect(fixture.nextChange(after: 7) == .at(17), "the interval doubles")
        #expect(fixture.scheduler.store.problem == "full")
        #expect(fixture.steps(at: 17) == ["start d"])
        fixture.enqueue("e", "f")
        guard case .storeResumed = fixture.end("d", at: 18) else {
            Issue.record("the end of the pause is not reported")
            return
        }
        #expect(fixture.scheduler.store.problem == nil)
        #expect(fixture.steps(at: 18) == ["start e", "start f"])
    }

    @Test func probeThatFailsForAnotherReasonIsFollowedByAnother() {
        var fixture = Fixture(slots: 2)
        fixture.enqueue("a", "b", "c")
        _ = fixture.steps(at: 0)
        fixture.end("a", unavailable, at: 0)
        fixture.end("b", .failed(.transient(message: "reset")), at: 0)
        #expect(fixture.steps(at: 5) == ["start c"])
        fixture.enqueue("d", "e")
        fixture.end("c", .urlExpired, at: 6)
        #expect(fixture.steps(at: 6) == ["start d"])
    }

    @Test func probeOfLargeFileHoldsBackOthersForFiveMinutes() {
        var fixture = Fixture(slots: 2)
        fixture.enqueue("a", "b")
        fixture.enqueue("other", account: 1)
        _ = fixture.steps(at: 0)
        fixture.end("a", unavailable, at: 0)
        fixture.end("other", .failed(.transient(message: "reset")), at: 0)
        #expect(fixture.steps(at: 5) == ["start b"])
        fixture.enqueue("c")
        #expect(fixture.steps(at: 304).isEmpty)
        #expect(fixture.nextChange(after: 304) == .at(305))
        #expect(fixture.steps(at: 305) == ["start c"])
        #expect(fixture.scheduler.store.problem == "full", "no file is stored yet")
        fixture.end("c", at: 306)
        #expect(fixture.scheduler.store.problem == nil)
    }

    @Test func fileStoredDuringPauseEndsIt() {
        var fixture = Fixture(slots: 2)
        fixture.enqueue("a", "b", "c")
        _ = fixture.steps(at: 0)
        fixture.end("a", unavailable, at: 1)
        fixture.end("b", at: 2)
        #expect(fixture.steps(at: 2) == ["start c"])
    }
}
