import ExportCore
import Foundation
import Synchronization
import Testing
import WorkerRuntime
import WorkerSamples
import WorkerTelemetry

@testable import WorkerConsole

@Suite("Jobs in the console")
struct JobDocumentTests {
    private func waits(_ change: (inout WorkerStatus) -> Void = { _ in }) -> JobWaits {
        var status = WorkerStatus.sample()
        change(&status)
        var watch = HealthWatch(HealthThresholds(), texts: CodeTexts())
        watch.update(with: HealthSample(status: status, wallClock: Sample.start), at: .seconds(1))
        let activity = RecentActivity(texts: CodeTexts())
        activity.report(.throttled(account: "throttled", kind: .poll, wait: .seconds(86_400), asked: nil))
        return JobWaits(
            Snapshot(
                at: Date(timeIntervalSince1970: Double(Sample.start.milliseconds) / 1_000),
                status: status,
                watch: watch,
                health: watch.health,
                heartbeats: [],
                activity: activity.figures,
                calls: Telemetry(build: BuildInfo(version: "1"), texts: CodeTexts()).calls.figures,
                process: ProcessFigures.read()
            )
        )
    }

    @Test func everyWaitHasItsReason() {
        let soon = Sample.start.advanced(by: .seconds(60))
        let usable = waits()
        #expect(usable.reason(.notBefore(soon), account: "default").reason == .notBefore)
        #expect(usable.reason(.notBefore(soon), account: "default").until == soon.text)
        #expect(usable.reason(.turn(.create), account: "default").reason == .rateLimit)
        #expect(usable.reason(.turn(.download), account: "default").reason == .transferQueue)
        #expect(usable.reason(.answer(.poll), account: "default").reason == .answer)
        #expect(usable.reason(.repetition(.create, at: soon), account: "default").reason == .retry)
        #expect(usable.reason(.service(nextPoll: soon), account: "default").reason == .nextPoll)
        #expect(usable.reason(.configuration, account: "missing").reason == .accountUnknown)
        let paused = waits { $0.accounts = [.sample("default", problem: .refused(message: Planted.text))] }
        let wait = paused.reason(.service(nextPoll: soon), account: "default")
        #expect(wait.reason == .accountPaused)
        #expect(wait.remedy == "account refused")
        #expect(!Planted.all.contains { wait.message.contains($0) })
        #expect(paused.reason(.turn(.download), account: "default").reason == .transferQueue)
        let full = waits { $0.storeProblem = "the disk is full" }
        #expect(full.reason(.turn(.download), account: "default").reason == .storeUnavailable)
    }

    @Test func pausedJobHasTheCommandThatResumesIt() {
        let wait = waits().reason(.paused(.create, Sample.pause), account: "default")
        #expect(wait.reason == .paused)
        #expect(wait.until == Sample.pause.until?.text)
        #expect(wait.remedy == "pause default")
        #expect(wait.message.contains("submissions of payments jobs of account 'default'"))
        #expect(!Planted.all.contains { wait.message.contains($0) })
    }

    @Test func throttledCallHasItsReason() {
        // The report's time is that of the machine, so the sample lies before it.
        let wait = waits().reason(.turn(.poll), account: "throttled")
        let isOver =
            Date().addingTimeInterval(86_400) < Date(timeIntervalSince1970: Double(Sample.start.milliseconds) / 1_000)
        #expect(wait.reason == (isOver ? .rateLimit : .throttled))
    }

    @Test func rejectedRecordIsFoundByItsID() async throws {
        let telemetry = Telemetry(build: BuildInfo(version: "1.2.3"), texts: CodeTexts())
        var event = Sample.event(.rejected, .invalidJob, message: "kind is missing")
        event.jobID = "refused"
        for observer in telemetry.observers { observer.report(.ended(partition: 0, event: event)) }
        try await withConsole(telemetry: telemetry) { port in
            let found = try await RawClient.send("/api/jobs/refused", port: port)
            #expect(found.status == 200)
            #expect(found.body.contains(#""status":"rejected""#) && found.body.contains("kind is missing"))
            let list = try await RawClient.send("/api/jobs?state=rejected", port: port)
            #expect(list.body.contains(#""jobId":"refused""#))
            #expect(try await !RawClient.send("/api/jobs?state=open", port: port).body.contains("refused"))
        }
    }

    @Test(arguments: [
        "state=unheard-of", "kind=x", "limit=0", "limit=201", "olderThan=soon", "cursor=x", "unknown=1",
        "state=open&state=open",
        "scope=x", "text=\(String(repeating: "a", count: 129))", "text=%zz",
    ])
    func invalidQueryIsRefused(query: String) async throws {
        try await withConsole { port in
            let answer = try await RawClient.send("/api/jobs?\(query)", port: port)
            #expect(answer.status == 400)
            #expect(answer.body.contains("remedy"))
        }
    }

    @Test func queryBecomesAFilter() throws {
        let now = Sample.start
        let query = try JobQuery(
            "state=late,failed&account=emea&kind=payments&text=a%20b&olderThan=1h&limit=7",
            now: now
        )
        #expect(query.filter.phases == [.submitting, .waiting, .ready])
        #expect(query.filter.statuses == [.failed])
        #expect(query.filter.onlyLate && query.filter.account == "emea" && query.filter.kind == .payments)
        #expect(query.filter.text == "a b" && query.limit == 7)
        #expect(query.filter.acceptedUntil == now.advanced(by: .seconds(-3_600)))
        let place = JobPlace(partition: 3, entry: 9)
        let path = query.path(from: place, through: 5, limit: 2)
        let passed = try JobQuery(path.dropFirst("/api/jobs?".count), now: now)
        #expect(passed.filter == query.filter && passed.from == place && passed.through == 5)
        #expect(passed.limit == 2 && passed.isLocal)
    }

    @Test func listsAskTheEngineOneAfterTheOther() async throws {
        let source = FakeSource()
        source.set { state in
            state.jobs = { question in
                let entry = question.from.entry + 1
                return JobPage(jobs: [], next: entry < 20 ? JobPlace(partition: 0, entry: entry) : nil)
            }
        }
        try await withConsole(source) { port in
            let answer = try await RawClient.send("/api/jobs?text=rare&scope=worker", port: port)
            #expect(answer.body.contains(#""jobs":[]"#))
            let asked = source.state.withLock { $0.listed }
            #expect(asked.first?.filter.text == "rare")
            #expect(asked.allSatisfy { $0.work <= 20_000 })
        }
    }
}
