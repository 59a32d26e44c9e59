import ExportCore
import ExportRecords
import Foundation
import KafkaClient
import Testing
import TestSupport
import WorkerConsole
import WorkerKafka

@testable import payout_worker

extension CommandsEndToEnd {
    @Suite struct PauseCommandTests {
        @Test func pauseReachesEveryPartitionAndHoldsJobsUntilItIsResumed() async throws {
            try await WorkerFixture.with(partitions: 3) { fixture in
                let paused = try await fixture.run("pause", "--for", "1h", "--reason", "a test", "--yes", "-o", "json")
                #expect(try paused.objects().first?["partitions"] as? Int == 3, "\(paused.errors)")
                // No worker runs.
                #expect(try paused.objects().first?["pending"] as? Int == 3, "\(paused.output)")
                let commands = try await fixture.records(fixture.topics.jobs)
                #expect(commands.map(\.partition).sorted() == [0, 1, 2])
                #expect(commands.allSatisfy { $0.key == "@control" })

                let worker = try await RunningWorker(fixture.environment)
                let reason = try await worker.reports("jobsPaused", "a test")
                #expect(reason.remedy.contains("payout-worker resume"))
                try await fixture.enqueue("held")
                try await eventually("the job waits for the pause") {
                    let job = try? await worker.console.object("api/jobs/held")
                    return (job?["wait"] as? [String: Any])?["reason"] as? String == "paused"
                }
                #expect(try await fixture.records(fixture.topics.results).isEmpty)
                let status = try await fixture.run("status")
                #expect(status.output.contains("(a test), in 3 of 3 partitions"), "\(status.output)")
                let unknown = try await fixture.run("resume", "--account", "unheard-of")
                #expect(unknown.status == 1)
                #expect(unknown.errors.contains("'unheard-of' of the resume command is not configured"))
                #expect(try await fixture.run("resume").lines == ["Resumed all jobs, in 3 partitions."])
                try await fixture.completes("held")
                try await worker.becomesReady()
                try await worker.stop()
            }
        }

        @Test func consoleActsWithItsToken() async throws {
            try await WorkerFixture.with(partitions: 3) { fixture in
                var environment = fixture.environment
                environment["HTTP_ADMIN_TOKEN"] = "correct-horse-battery"
                let worker = try await RunningWorker(environment)
                try await worker.becomesReady()
                #expect(try await worker.console.post("api/pause", #"{"calls":true}"#, token: "wrong") == 401)
                #expect(
                    try await worker.console.post("api/pause", #"{"calls":true}"#, token: "correct-horse-battery")
                        == 202
                )
                try await worker.reports("jobsPaused", "polls and downloads")
                try await fixture.enqueue("held", "ended")
                try await eventually("both jobs are known") {
                    let ended = try? await worker.console.object("api/jobs/ended")
                    return ended?["phase"] as? String == "submitting"
                }
                #expect(
                    try await worker.console.post("api/jobs/ended/cancel", "", token: "correct-horse-battery") == 202
                )
                // The retry reads the state topic, which the console can be ahead of.
                try await eventually("the end of the cancelled job is committed") {
                    try await fixture.records(fixture.topics.results).contains { $0.key == "ended" }
                }
                #expect(
                    try await worker.console.post("api/jobs/ended/retry", "", token: "correct-horse-battery") == 202
                )
                #expect(try await worker.console.post("api/resume", "", token: "correct-horse-battery") == 202)
                try await fixture.completes("held", "ended.retry-1")
                #expect(worker.count("Action performed") == 4)
                try await worker.stop()
            }
        }

        @Test func pauseWithoutYesOnlyCountsJobs() async throws {
            try await WorkerFixture.with { fixture in
                try await fixture.store([
                    Self.record("a", .waiting), Self.record("b", .failed), Self.record("c", .waiting),
                    Self.record("d", .waiting) { $0.phase = .submitting },
                ])
                let preview = try await fixture.run("pause", "--kind", "payments")
                #expect(preview.status == 1)
                #expect(preview.errors.contains("1 open job."), "\(preview.errors)")
                let calls = try await fixture.run("pause", "--kind", "payments", "--calls")
                #expect(calls.errors.contains("3 open jobs."), "\(calls.errors)")
                #expect(try await fixture.records(fixture.topics.jobs).isEmpty)
            }
        }

        @Test func jobsAreCancelledBySelection() async throws {
            try await WorkerFixture.with { fixture in
                try await fixture.store([
                    Self.record("a", .waiting) { $0.job.batch = JobBatch(id: "fy26", size: 3) },
                    Self.record("b", .failed) { $0.job.batch = JobBatch(id: "fy26", size: 3) },
                    Self.record("c", .waiting),
                ])
                let preview = try await fixture.run("jobs", "cancel", "--batch", "fy26")
                #expect(preview.status == 1)
                #expect(preview.lines == ["a"])
                #expect(try await fixture.records(fixture.topics.jobs).isEmpty)
                #expect(try await fixture.run("jobs", "cancel", "--batch", "fy26", "--yes").status == 0)
                let commands = try await fixture.records(fixture.topics.jobs)
                #expect(commands.map(\.value) == [#"{"jobId":"a","action":"cancel"}"#])
                #expect(commands.map(\.key) == ["fy26"])
                #expect(try await fixture.run("jobs", "cancel", "--account", "missing", "--yes").status == 1)
                #expect(try await fixture.run("jobs", "cancel", "b").lines.isEmpty)
            }
        }

        @Test func cancelCommandReachesThePartitionThatKnowsTheJob() async throws {
            try await WorkerFixture.with(partitions: 5) { fixture in
                // Their keys belong to several partitions, and the first one knows all of them.
                let ids = (0..<8).map { "job-\($0)" }
                try await fixture.store(ids.map { Self.record($0, .waiting) })
                #expect(try await fixture.run(["jobs", "cancel"] + ids).status == 0)
                let commands = try await fixture.records(fixture.topics.jobs)
                #expect(commands.compactMap(\.key).sorted() == ids)
                #expect(Set(commands.map(\.partition)) == [0])
                let unknown = try await fixture.run("jobs", "cancel", "unread")
                #expect(unknown.errors.contains("is unknown"), "\(unknown.errors)")
            }
        }

        @Test func jobThatIsRepeatedAlreadyIsNotEnqueuedAgain() async throws {
            try await WorkerFixture.with { fixture in
                try await fixture.store([
                    Self.record("march", .failed), Self.record("march.retry-1", .failed), Self.record("april", .failed),
                ])
                let retried = try await fixture.run("jobs", "retry", "march", "april")
                #expect(retried.status == 1)
                #expect(retried.lines == ["april.retry-1"])
                #expect(
                    retried.errors.contains("'march.retry-1' repeats it already and is failed; retry 'march.retry-1'"),
                    "\(retried.errors)"
                )
                let actions = TopicActions(access: try fixture.access)
                let failure = await #expect(throws: ConsoleActionFailure.self) {
                    try await actions.retry("march", partition: 0)
                }
                #expect(failure?.isFinal == true)
                #expect(failure?.message.contains("'march.retry-1' repeats it already") == true)
                #expect(try await actions.retry("march.retry-1", partition: 0) == "march.retry-2")
            }
        }

        @Test func failedJobsAreRetriedUnderNewIDs() async throws {
            try await WorkerFixture.with { fixture in
                try await fixture.store([
                    Self.record("plain", .failed) { $0.job.metadataJSON = #"{"by":"billing"}"# },
                    Self.record("adopted", .failed) {
                        $0.job.metadataJSON = #"{"by":"billing"}"#
                        $0.error = JobError(code: .downloadFailed, message: "no space")
                    },
                    Self.record("other", .failed), Self.record("done", .completed), Self.record("open", .waiting),
                ])
                let retried = try await fixture.run("jobs", "retry", "--metadata", "by=billing", "--yes")
                #expect(retried.status == 0, "\(retried.errors)")
                #expect(Set(retried.lines) == ["plain.retry-1", "adopted.retry-1"])
                let jobs = try await fixture.records(fixture.topics.jobs).compactMap { record -> ExportJob? in
                    let original = OriginalRecord(
                        key: record.key.map { Array($0.utf8) },
                        value: record.value.map { Array($0.utf8) }
                    )
                    guard case .export(let job) = JobDecoder().decode(original, offset: 0).content else { return nil }
                    return job
                }
                #expect(
                    Dictionary(uniqueKeysWithValues: jobs.map { ($0.retryOf, $0.adoptedRequestID) }) == [
                        "plain": nil, "adopted": "request-adopted",
                    ]
                )
                let refused = try await fixture.run("jobs", "retry", "done", "missing")
                #expect(refused.status == 1)
                #expect(refused.errors.contains("'done' is skipped") && refused.errors.contains("'missing' is skipped"))
            }
        }

        private enum State { case waiting, failed, completed }

        private static func record(
            _ id: String,
            _ state: State,
            _ change: (inout JobRecord) -> Void = { _ in }
        ) -> JobRecord {
            let accepted = Instant(milliseconds: 1_795_305_600_000)
            var record = JobRecord(
                job: ExportJob(id: id, kind: .payments),
                offset: 0,
                phase: state == .waiting ? .waiting : .finished,
                attempt: 1,
                requestID: "request-\(id)",
                times: JobTimes(accepted: accepted, submitted: accepted)
            )
            if state != .waiting {
                record.times.finished = accepted
                record.status = state == .failed ? .failed : .completed
            }
            if state == .failed { record.error = JobError(code: .exportFailed, message: "three times") }
            change(&record)
            return record
        }
    }
}

extension WorkerFixture {
    /// Writes records to the first partition of the state topic.
    fileprivate func store(_ records: [JobRecord]) async throws {
        let topic = topics.state
        try await access.withProducer { producer in
            for record in records {
                let encoded = StateCodec().encode(.job(record))
                try await producer.produce(KafkaProducerRecord(encoded, topic: topic, partition: 0))
            }
            _ = try await producer.flush()
        }
    }
}
