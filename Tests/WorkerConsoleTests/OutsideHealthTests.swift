import Testing

@testable import ExportCore
@testable import WorkerConsole

@Suite("Readiness: what lies outside the worker")
struct OutsideHealthTests {
    private static let wall = Sample.start
    private static let uptime = ContinuousClock.now

    private func verdict(
        _ status: WorkerStatus = .sample(),
        _ change: (inout HealthSample) -> Void
    ) -> HealthVerdict {
        var sample = HealthSample(status: status, uptime: Self.uptime, wallClock: Self.wall)
        change(&sample)
        var watch = HealthWatch(HealthThresholds())
        watch.take(sample, at: .zero)
        return watch.verdict
    }

    private func failing(_ count: Int, last: Duration = .zero) -> CallActivity.Failing {
        CallActivity.Failing(
            count: count,
            first: Self.uptime - .seconds(90),
            last: Self.uptime - last,
            message: "HTTP 503."
        )
    }

    @Test func aServiceThatDoesNotAnswer() {
        #expect(verdict { $0.failingCalls = ["default": failing(2)] }.reasons.isEmpty)
        let away = verdict { $0.failingCalls = ["default": failing(3)] }
        #expect(away.reasons.map(\.code) == [.serviceUnreachable])
        #expect(away.standing == .notReady)
        #expect(away.reasons.first?.message.contains("HTTP 503") == true)
        let two = WorkerStatus.sample(accounts: [.sample("default"), .sample("other")])
        #expect(verdict(two) { $0.failingCalls = ["default": failing(9)] }.standing == .degraded)
        // Nobody has called for a long time: nothing is known.
        #expect(verdict { $0.failingCalls = ["default": failing(9, last: .seconds(901))] }.reasons.isEmpty)
    }

    @Test func failuresCountUntilAnAnswerComes() {
        let calls = CallActivity()
        for _ in 0..<3 { calls.ended(account: "a", kind: .poll, .failed(.passing(message: "no connection"))) }
        calls.ended(account: "a", kind: .poll, .failed(.abandoned))
        #expect(calls.figures.failingCalls["a"]?.count == 3)
        calls.ended(account: "a", kind: .download, .failed(.passing(message: "disk full")))
        #expect(calls.figures.failingDownloads?.message == "disk full")
        calls.ended(account: "a", kind: .create, .failed(.throttled(retryAfter: nil)))
        #expect(calls.figures.failingCalls["a"] == nil)
        calls.ended(
            account: "a",
            kind: .download,
            .stored(ExportFile(location: "file:///f", stored: true, fileName: "f"))
        )
        #expect(calls.figures.failingDownloads == nil)
    }

    @Test func throttling() {
        let key = CallActivity.Key(account: "default", kind: .create)
        let held = verdict { $0.throttles = [key: Self.wall.advanced(by: .seconds(30))] }
        #expect(held.reasons.map(\.code) == [.throttled])
        #expect(held.standing == .degraded)
        #expect(held.reasons.first?.message.contains("(create); they wait for 30 s more") == true)
        #expect(verdict { $0.throttles = [key: Self.wall.advanced(by: .seconds(-6))] }.reasons.isEmpty)
    }

    @Test func theFileStore() {
        let full = verdict { sample in
            sample.reported.store = "cannot write to /data: no space is left on the device."
            sample.failingDownloads = failing(4)
        }
        #expect(full.reasons.map(\.code) == [.storeUnavailable])
        #expect(full.standing == .notReady)
        let one = verdict { $0.failingDownloads = failing(1) }
        #expect(one.reasons.map(\.code) == [.downloadsFailing])
        #expect(one.reasons.first?.message.hasPrefix("The last download brought no file") == true)
    }

    @Test func lateJobs() {
        let late = verdict { $0.survey = Sample.survey() }
        #expect(late.reasons.map(\.code) == [.jobsLate])
        #expect(late.reasons.first?.message.contains("'job-1'") == true)
        #expect(
            late.reasons.first?.message.contains("waits for the service, which is looked at again in 105 s") == true
        )
    }

    @Test func topicsAndConfiguration() {
        let problem = TopicProblem(
            topic: "payout.export.state",
            message: "has cleanup.policy=delete and must have compact alone",
            remedy: "kafka-configs.sh --alter",
            isBlocking: true
        )
        let unfit = verdict { $0.reported.topics = [problem] }
        #expect(unfit.reasons.map(\.code) == [.topicsUnfit])
        #expect(unfit.standing == .notReady)
        #expect(unfit.reasons.first?.remedy == "kafka-configs.sh --alter")
        let problems = ReportedProblems()
        problems.reloaded("no such file")
        let reload = verdict { $0.reported = problems.figures }
        #expect(reload.reasons.map(\.code) == [.configurationNotReloaded])
        problems.reloaded(nil)
        #expect(verdict { $0.reported = problems.figures }.reasons.isEmpty)
    }

    @Test func aTransactionThatDoesNotEndIsAStuckLoop() {
        let waiting = Mutexed(Duration.zero)
        let commits = HealthSource(name: "commits", maximumAge: .seconds(300)) { waiting.value }
        #expect(LivenessDocument([commits.reading], startupTime: .seconds(600)).status == .alive)
        waiting.set(.seconds(299))
        #expect(LivenessDocument([commits.reading], startupTime: .seconds(600)).status == .alive)
        waiting.set(.seconds(301))
        let document = LivenessDocument([commits.reading], startupTime: .seconds(600))
        #expect(document.status == .stuck)
        #expect(document.message?.contains("commits") == true)
    }
}
