import Testing
import TestSupport
import WorkerSamples

@testable import ExportCore
@testable import WorkerConsole
@testable import WorkerTelemetry

@Suite("Readiness: the service, the file store, topics")
struct OutsideHealthTests {
    private static let wall = Sample.start
    private static let uptime = ContinuousClock.now

    private func health(
        _ status: WorkerStatus = .sample(),
        _ change: (inout HealthSample) -> Void
    ) -> HealthReport {
        var sample = HealthSample(status: status, uptime: Self.uptime, wallClock: Self.wall)
        change(&sample)
        var watch = HealthWatch(HealthThresholds(), texts: CodeTexts())
        watch.update(with: sample, at: .zero)
        return watch.health
    }

    private func failing(_ count: Int, last: Duration = .zero) -> CallActivity.Failing {
        CallActivity.Failing(
            count: count,
            first: Self.uptime - .seconds(90),
            last: Self.uptime - last,
            message: "HTTP 503."
        )
    }

    @Test func serviceThatDoesNotAnswerIsUnreachable() {
        #expect(health { $0.failingCalls = ["default": failing(2)] }.reasons.isEmpty)
        let unanswered = health { $0.failingCalls = ["default": failing(3)] }
        #expect(unanswered.reasons.map(\.code) == [.serviceUnreachable])
        #expect(unanswered.status == .notReady)
        #expect(unanswered.reasons.first?.message.contains("HTTP 503") == true)
        let two = WorkerStatus.sample(accounts: [.sample("default"), .sample("other")])
        #expect(health(two) { $0.failingCalls = ["default": failing(9)] }.status == .degraded)
        // After a long time without calls, nothing is known.
        #expect(health { $0.failingCalls = ["default": failing(9, last: .seconds(901))] }.reasons.isEmpty)
    }

    @Test func throttledCallsDegradeTheWorker() {
        let key = CallActivity.Key(account: "default", kind: .create)
        let held = health { $0.throttles = [key: Self.wall.advanced(by: .seconds(30))] }
        #expect(held.reasons.map(\.code) == [.throttled])
        #expect(held.status == .degraded)
        #expect(held.reasons.first?.message.contains("(create); they wait for 30 s more") == true)
        #expect(health { $0.throttles = [key: Self.wall.advanced(by: .seconds(-6))] }.reasons.isEmpty)
    }

    @Test func unavailableStoreBlocksAndFailedDownloadsDegrade() {
        let full = health { sample in
            sample.reported.store = "cannot write to /data: no space is left on the device."
            sample.failingDownloads = failing(4)
        }
        #expect(full.reasons.map(\.code) == [.storeUnavailable])
        #expect(full.status == .notReady)
        let paused = health { $0.status?.storeProblem = "no space is left on the device." }
        #expect(paused.reasons.map(\.code) == [.storeUnavailable])
        let one = health { $0.failingDownloads = failing(1) }
        #expect(one.reasons.map(\.code) == [.downloadsFailing])
        #expect(one.reasons.first?.message.hasPrefix("The last download delivered no file") == true)
    }

    @Test func lateJobIsReportedWithItsWait() {
        let late = health { $0.jobSnapshot = Sample.jobSnapshot() }
        #expect(late.reasons.map(\.code) == [.jobsLate])
        #expect(late.reasons.first?.message.contains("'job-1'") == true)
        #expect(
            late.reasons.first?.message.contains("waits for the service, next poll in 1 min 45 s")
                == true
        )
    }

    @Test func unsuitableTopicsBlockAndFailedReloadsDegrade() {
        let problem = TopicProblem(
            topic: "payout.export.state",
            message: "has cleanup.policy=delete and must have compact alone",
            remedy: "kafka-configs.sh --alter",
            isBlocking: true
        )
        let unsuitable = health { $0.reported.topics = [problem] }
        #expect(unsuitable.reasons.map(\.code) == [.topicsUnfit])
        #expect(unsuitable.status == .notReady)
        #expect(unsuitable.reasons.first?.remedy == "kafka-configs.sh --alter")
        let problems = ReportedProblems()
        problems.reloaded("no such file")
        let reload = health { $0.reported = problems.figures }
        #expect(reload.reasons.map(\.code) == [.configurationNotReloaded])
        problems.reloaded(nil)
        #expect(health { $0.reported = problems.figures }.reasons.isEmpty)
    }

    @Test func transactionThatDoesNotEndIsAStuckLoop() {
        let waiting = Box(Duration.zero)
        let commits = HealthSource(name: "commits", maximumAge: .seconds(300)) { waiting.value }
        #expect(LivenessDocument([commits.reading], startupTime: .seconds(600), CodeTexts()).status == .alive)
        waiting.value = .seconds(299)
        #expect(LivenessDocument([commits.reading], startupTime: .seconds(600), CodeTexts()).status == .alive)
        waiting.value = .seconds(301)
        let document = LivenessDocument([commits.reading], startupTime: .seconds(600), CodeTexts())
        #expect(document.status == .stuck)
        #expect(document.message?.contains("commits") == true)
    }
}
