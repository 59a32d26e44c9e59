import ChildProcesses
import Foundation
import Testing
import WorkerRuntime
import WorkerSamples

@testable import ExportCore
@testable import WorkerTelemetry

/// Answers every call at once.
private struct InstantExports: ExportsPort {
    func store(_ manifest: BatchManifest) async -> CallResult { .failed(.abandoned) }

    func perform(_ call: Call, _ transfer: Transfer?) async -> CallResult { .created(requestID: "r") }
}

@Suite("Worker metrics")
struct WorkerMetricsTests {
    /// A telemetry with every report and observation, and the gauges of a worker.
    private func everything() async -> Telemetry {
        let telemetry = Telemetry(build: BuildInfo(version: "1.2.3", revision: "abc"), texts: CodeTexts())
        for report in Sample.reports { telemetry.metrics.report(report) }
        telemetry.metrics.observe(.committed(records: 12, seconds: 0.02))
        telemetry.metrics.observe(.commitFailed(reason: "no"))
        telemetry.metrics.observe(.commitAborted(cause: "ILLEGAL_GENERATION"))
        telemetry.metrics.observe(.rebalanced(.assigned, partitions: 2))
        telemetry.metrics.observe(.restored(partition: 0, records: 7, seconds: 0.1))
        telemetry.metrics.observe(.consumed(topic: "jobs", records: 3))
        telemetry.metrics.observe(.sent(["results": 2]))
        let exports = telemetry.metering(InstantExports())
        for kind in CallKind.ofJobs {
            let token = CallToken(partition: 0, epoch: 1, place: 0, callID: 1, kind: kind, account: 0)
            _ = await exports.perform(
                Call(token: token, job: Sample.job(), attempt: 1, requestID: nil, blobURL: nil, accepted: Sample.start),
                nil
            )
        }
        let series = FileHeader.Series(account: "default", kind: .payments, format: .csv)
        telemetry.metrics.header(of: series, hasChanged: true)
        telemetry.metrics.refresh(
            sources(.sample(partitions: [.sample(0), .sample(1), .sample(2, .restoring)]), telemetry)
        )
        return telemetry
    }

    private func sources(_ status: WorkerStatus?, _ telemetry: Telemetry) -> GaugeSources {
        var sources = GaugeSources(now: Sample.start.advanced(by: .seconds(100)))
        sources.status = status
        sources.isReady = true
        sources.heartbeatAges = ["engine": .zero]
        sources.callsInFlight = telemetry.calls.figures.inFlight
        sources.process = ProcessFigures.read()
        sources.jobSnapshot = Sample.jobSnapshot()
        sources.ends = [0: 1_300]
        sources.restoring = [2: LogObservation.RestoreProgress(partition: 2, epoch: 1, from: 0, at: 25, to: 100)]
        sources.problems.refreshTokens = [
            RefreshTokenReport(account: "default", unusedFor: .seconds(60), signedInFor: .seconds(90))
        ]
        sources.files = files.status
        return sources
    }

    private let files: FileActivity = {
        let files = FileActivity(location: "s3://bucket/prefix")
        files.stored(bytes: 1_000)
        let token = files.began(job: "job-1", account: "default")
        files.update(token) { $0.receivedBytes = 10 }
        return files
    }()

    @Test func filesAreCountedOnce() async {
        let telemetry = await everything()
        telemetry.metrics.refresh(sources(.sample(), telemetry))
        let text = telemetry.prometheus.exposition()
        #expect(text.contains("\npayout_export_stored_files_total 1\n"))
        #expect(text.contains("\npayout_export_stored_bytes_total 1000\n"))
        #expect(text.contains("\npayout_export_transfer_received_bytes 10\n"))
        #expect(text.contains("\npayout_export_transfers_waiting 2\n"))
    }

    @Test(arguments: [nil, "no space is left"])
    func storeIsUnusableWhileDownloadsFindItSo(problem: String?) async {
        let telemetry = await everything()
        var status = WorkerStatus.sample()
        status.storeProblem = problem
        telemetry.metrics.refresh(sources(status, telemetry))
        let expected = problem == nil ? 1 : 0
        #expect(telemetry.prometheus.exposition().contains("\npayout_export_file_store_usable \(expected)\n"))
    }

    @Test func tableListsExactlyTheEmittedMetrics() async {
        let emitted = await everything().prometheus.names
        let table = MetricsTable.all.filter { $0.emitter == .worker }
        for definition in table {
            #expect(emitted[definition.name] == definition.kind, "\(definition.name) is in the table")
        }
        #expect(Set(emitted.keys).subtracting(table.map(\.name)).isEmpty)
    }

    @Test func namesFollowTheConventions() {
        let names = MetricsTable.all.map(\.name)
        #expect(Set(names).count == names.count)
        for definition in MetricsTable.all {
            let (name, kind) = (definition.name, definition.kind)
            #expect(name == PrometheusText.metricName(name))
            #expect(name.hasSuffix("_total") == (kind == .counter), "\(name)")
            let prefixes = ["payout_export_", "process_", "http_client_", "messaging_client_"]
            #expect(prefixes.contains { name.hasPrefix($0) }, "\(name)")
            #expect(!definition.help.isEmpty && definition.help.hasSuffix("."), "\(name)")
            #expect((kind == .histogram) == !definition.buckets.isEmpty, "\(name)")
            #expect(definition.buckets == definition.buckets.sorted(), "\(name)")
            if definition.unit == "seconds" { #expect(name.contains("_seconds"), "\(name)") }
            if definition.unit == "bytes" { #expect(name.contains("_bytes"), "\(name)") }
        }
    }

    @Test func everyLabelIsInTheTable() async {
        let text = await everything().prometheus.exposition()
        let definitions = Dictionary(uniqueKeysWithValues: MetricsTable.all.map { ($0.name, $0) })
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let brace = line.firstIndex(of: "{"), let end = line.lastIndex(of: "}") else { continue }
            var name = String(line[..<brace])
            for suffix in ["_bucket", "_sum", "_count"] where definitions[name] == nil && name.hasSuffix(suffix) {
                name.removeLast(suffix.count)
            }
            let labels = line[line.index(after: brace)..<end].split(separator: ",").map { $0.prefix { $0 != "=" } }
            let allowed = (definitions[name]?.labels ?? []) + ["le"]
            #expect(labels.allSatisfy { allowed.contains(String($0)) }, "\(line)")
        }
    }

    @Test func countersCount() async {
        let text = await everything().prometheus.exposition()
        for line in [
            "payout_export_jobs_accepted_total 2", "payout_export_key_mismatches_total 1",
            "payout_export_job_warnings_total 1", "payout_export_duplicates_total{event_repeated=\"true\"} 1",
            "payout_export_events_total{code=\"none\",status=\"completed\"} 1",
            "payout_export_events_total{code=\"exportFailed\",status=\"failed\"} 1",
            "payout_export_events_total{code=\"invalidJob\",status=\"rejected\"} 1",
            "payout_export_events_total{code=\"deadlineExceeded\",status=\"failed\"} 0",
            "payout_export_dead_letters_total 1", "payout_export_dropped_records_total 2",
            "payout_export_throttled_total{account=\"default\",call=\"create\"} 1",
            "payout_export_commit_records_bucket{le=\"10\"} 0", "payout_export_commit_records_bucket{le=\"50\"} 1",
            "payout_export_commit_duration_seconds_sum 0.02",
            "payout_export_job_duration_seconds_sum{status=\"completed\"} 90",
            "payout_export_jobs{partition=\"1\",phase=\"waiting\"} 30",
            "payout_export_partitions{lifecycle=\"active\"} 2", "payout_export_partitions{lifecycle=\"stopped\"} 0",
            "payout_export_calls_total{account=\"default\",call=\"poll\",outcome=\"ok\"} 1",
            "payout_export_account_calls_in_flight{account=\"default\",call=\"poll\"} 0",
            "payout_export_build_info{revision=\"abc\",version=\"1.2.3\"} 1",
            "payout_export_intake_paused{reason=\"failures\"} 0", "payout_export_ready 1",
        ] {
            #expect(text.contains("\n\(line)\n"), "\(line)")
        }
    }

    @Test func gaugesOfReleasedPartitionsDisappear() async {
        let telemetry = await everything()
        telemetry.metrics.refresh(sources(.sample(partitions: [.sample(1)]), telemetry))
        #expect(!telemetry.prometheus.exposition().contains("payout_export_jobs{partition=\"0\""))
        #expect(telemetry.prometheus.exposition().contains("payout_export_jobs{partition=\"1\""))
        telemetry.metrics.refresh(sources(nil, telemetry))
        #expect(!telemetry.prometheus.exposition().contains("payout_export_jobs{"))
    }

    #if os(Linux)
        @Test func processFiguresAreRead() throws {
            let figures = ProcessFigures.read()
            #expect(try #require(figures.residentBytes) > 1_000_000)
            #expect(try #require(figures.openFiles) > 2)
            #expect(try #require(figures.maxFiles) > 2)
            #expect(try #require(figures.cpuSeconds) >= 0)
            let started = try #require(figures.startTime)
            #expect(started <= Date().timeIntervalSince1970 + 2)
            #expect(started > Date().timeIntervalSince1970 - 86_400)
        }
    #endif

    @Test(
        .enabled(if: Promtool.path != nil, "promtool is not installed (Debian: apt-get install prometheus)")
    )
    func promtoolReportsNothing() async throws {
        let report = try await Promtool.check(await everything().prometheus.exposition())
        #expect(report == "")
    }
}

/// Prometheus' own checker, where it is installed.
enum Promtool {
    /// In the PATH, or where `.ci/run` puts it.
    static let path: String? = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return (folders + [root.appending(path: ".build/tools").path]).map { "\($0)/promtool" }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }()

    /// The output of `promtool check metrics`.
    static func check(_ text: String) async throws -> String {
        let promtool = try FinishedProcess(path ?? "", ["check", "metrics"], input: Data(text.utf8))
        return String(decoding: promtool.output + promtool.errors, as: UTF8.self)
    }
}
