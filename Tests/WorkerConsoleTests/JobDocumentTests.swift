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
    private static let start = Date(timeIntervalSince1970: Double(Sample.start.milliseconds) / 1_000)

    private func waits(
        _ activity: RecentActivity = RecentActivity(texts: CodeTexts()),
        at time: Date = start,
        _ change: (inout WorkerStatus) -> Void = { _ in }
    ) -> JobWaits {
        var status = WorkerStatus.sample()
        change(&status)
        var watch = HealthWatch(HealthThresholds(), texts: CodeTexts())
        watch.update(with: HealthSample(status: status, wallClock: Sample.start), at: .seconds(1))
        return JobWaits(
            Snapshot(
                at: time,
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

    @Test func throttledCallHasItsReason() throws {
        let activity = RecentActivity(texts: CodeTexts())
        activity.report(.throttled(account: "throttled", kind: .poll, wait: .seconds(60), asked: nil))
        let until = try #require(activity.figures.throttledUntil.values.first)
        func reason(_ seconds: Double) -> JobWait.Reason {
            waits(activity, at: until.addingTimeInterval(seconds)).reason(.turn(.poll), account: "throttled").reason
        }
        #expect(reason(-1) == .throttled)
        #expect(reason(1) == .rateLimit)
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
        "state=open&state=open", "state=late,failed", "state=open,late",
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
            "state=submitting,failed&account=emea&batch=fy26&kind=payments&text=a%20b&olderThan=1h&limit=7",
            now: now
        )
        #expect(query.filter.phases == [.submitting] && query.filter.statuses == [.failed])
        #expect(query.filter.account == "emea" && query.filter.kind == .payments)
        let late = try JobQuery("state=late", now: now)
        #expect(late.filter.phases == [.submitting, .waiting, .ready] && late.filter.onlyLate)
        #expect(query.filter.text == "a b" && query.filter.batch == "fy26" && query.limit == 7)
        #expect(query.filter.acceptedUntil == now.advanced(by: .seconds(-3_600)))
        let place = JobPlace(partition: 3, entry: 9)
        let path = query.path(from: place, through: 5, limit: 2)
        let passed = try JobQuery(path.dropFirst("/api/jobs?".count), now: now)
        #expect(passed.filter == query.filter && passed.from == place && passed.through == 5)
        #expect(passed.limit == 2 && passed.isLocal)
    }
}
