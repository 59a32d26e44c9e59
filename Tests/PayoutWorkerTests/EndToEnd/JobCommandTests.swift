import ExportCore
import ExportRecords
import Foundation
import KafkaClient
import WorkerKafka
import Testing

@testable import payout_worker

extension CommandsEndToEnd {
    @Suite struct JobCommandTests {
        @Test func jobsArePartitionedAsByTheJavaClient() async throws {
            try await WorkerFixture.with(partitions: 5) { fixture in
                let sent = try await fixture.run("enqueue", "--count", "50", "--prefix", "p", "--account", "emea")
                #expect(sent.status == 0, "\(sent.errors)")
                #expect(sent.lines.count == 50)
                let records = try await fixture.records(fixture.topics.jobs)
                #expect(Set(records.compactMap(\.key)) == Set(sent.lines))
                for record in records {
                    let key = try #require(record.key)
                    #expect(record.partition == murmur2Partition(key: Array(key.utf8), partitionCount: 5))
                    #expect(record.header("content-type") == "application/json")
                    #expect(record.value?.contains(#""account":"emea""#) == true)
                }
            }
        }

        @Test func nothingIsSentIfAJobIsInvalid() async throws {
            try await WorkerFixture.with { fixture in
                let input = #"{"jobId":"good","kind":"payments"}"# + "\n" + #"{"jobId":"bad","kind":"x"}"#
                let refused = try await fixture.run("enqueue", "--file", "-", input: input)
                #expect(refused.status == 1)
                #expect(refused.errors.contains("line 2"))
                #expect(refused.output.isEmpty)
                #expect(try await fixture.records(fixture.topics.jobs).isEmpty)
                let sent = try await fixture.run("enqueue", "--file", "-", "--no-check", "-o", "json", input: input)
                #expect(sent.status == 0)
                #expect(try sent.objects().map { $0["jobId"] as? String } == ["good", "bad"])
                #expect(try await fixture.records(fixture.topics.jobs).count == 2)
            }
        }

        @Test func cancelWritesOneCommandPerJob() async throws {
            try await WorkerFixture.with { fixture in
                for id in ["a", "b"] {
                    let sent = try await fixture.run("enqueue", "--kind", "payments", "--job-id", id)
                    #expect(sent.status == 0, "\(sent.errors)")
                }
                #expect(try await fixture.run("cancel", "a", "b").lines == ["a", "b"])
                let records = try await fixture.records(fixture.topics.jobs).filter {
                    $0.value?.contains("cancel") ?? false
                }
                #expect(records.compactMap(\.key).sorted() == ["a", "b"])
                #expect(records.contains { $0.value == #"{"jobId":"a","action":"cancel"}"# })
            }
        }

        @Test func cancelOfAnUnknownJobNamesItAndFails() async throws {
            try await WorkerFixture.with(partitions: 3) { fixture in
                _ = try await fixture.run("enqueue", "--kind", "payments", "--job-id", "known")
                let cancelled = try await fixture.run("cancel", "unknown", "known")
                #expect(cancelled.status == 1)
                #expect(cancelled.lines == ["known"])
                #expect(cancelled.errors.contains("'unknown' is unknown"))
                let commands = try await fixture.records(fixture.topics.jobs).filter {
                    $0.value?.contains("cancel") ?? false
                }
                #expect(commands.map(\.key) == ["known"])
            }
        }

        @Test func waitThatTimesOutFailsAndNamesTheJob() async throws {
            try await WorkerFixture.with { fixture in
                let waited = try await fixture.run(
                    "enqueue",
                    "--kind",
                    "payments",
                    "--job-id",
                    "lonely",
                    "--wait",
                    "--timeout",
                    "500ms"
                )
                #expect(waited.status == 1)
                #expect(waited.errors.contains("Not finished: lonely"))
            }
        }

        @Test func unreachableBrokerIsNamed() async throws {
            let failed = try await Command.run(
                "enqueue",
                "--kind",
                "payments",
                "--month",
                "2026-10",
                "--bootstrap-servers",
                "127.0.0.1:9"
            )
            #expect(failed.status == 1)
            #expect(failed.errors.contains("127.0.0.1:9"))
            #expect(failed.errors.contains("KAFKA_BOOTSTRAP_SERVERS"))
            #expect(failed.errors.contains("refused"))
            // Nothing but the message: librdkafka's own lines are omitted.
            #expect(failed.errors.split(separator: "\n").count == 1, "\(failed.errors)")
        }

        @Test func resultsHideTheSignatureInTheTableOnly() async throws {
            try await WorkerFixture.with { fixture in
                let file = ExportFile(
                    location: "https://h.example/c/f.csv?sig=topsecret",
                    stored: false,
                    fileName: "f.csv"
                )
                let accepted = Instant(milliseconds: 1_700_000_000_000)
                let event = CompletionEvent(
                    jobID: "j",
                    status: .completed,
                    source: RecordSource(partition: 0, offset: 1),
                    job: ExportJob(id: "j", kind: .payments),
                    requestID: "r",
                    attempts: 1,
                    files: [file],
                    times: JobTimes(accepted: accepted, finished: accepted.advanced(by: .seconds(3)))
                )
                let other = CompletionEvent(
                    jobID: "k",
                    status: .rejected,
                    source: RecordSource(partition: 0, offset: 2),
                    times: JobTimes(accepted: accepted)
                )
                let encoder = EventEncoder(groupID: "g", jobsTopic: "jobs")
                try await fixture.write([encoder.encode(event), encoder.encode(other)], to: fixture.topics.results)
                let table = try await fixture.run("results")
                #expect(table.output.contains("https://h.example/c/f.csv"))
                #expect(!table.output.contains("topsecret"))
                #expect(table.lines.count == 3)
                let json = try await fixture.run("results", "-o", "json", "--job", "j")
                #expect(json.lines.count == 1)
                #expect(json.output.contains("sig=topsecret"))
                #expect(try await fixture.run("results", "--job", "unknown").output.isEmpty)
            }
        }

        @Test func resultsAreSelectedByStatusAndTimeAndSorted() async throws {
            try await WorkerFixture.with { fixture in
                let encoder = EventEncoder(groupID: "g", jobsTopic: "jobs")
                let start = Instant(milliseconds: 1_700_000_000_000)
                let source = RecordSource(partition: 0, offset: 1)
                func event(_ id: String, _ status: JobStatus, _ seconds: Int) -> OutgoingRecord {
                    let end = start.advanced(by: .seconds(seconds))
                    return encoder.encode(
                        CompletionEvent(
                            jobID: id,
                            status: status,
                            source: source,
                            job: ExportJob(id: id, kind: .payments),
                            times: JobTimes(accepted: start, finished: end)
                        )
                    )
                }
                let batch = JobBatchEvent(
                    batch: JobBatch(id: "fy26", size: 2),
                    status: .partial,
                    source: source,
                    members: [],
                    accepted: start,
                    ended: start.advanced(by: .seconds(20))
                )
                try await fixture.write(
                    [event("c", .failed, 30), event("a", .completed, 10), encoder.encode(batch)]
                        + [event("d", .cancelled, 40)],
                    to: fixture.topics.results
                )
                func ids(_ arguments: String...) async throws -> [String?] {
                    let objects = try await fixture.run(["results", "-o", "json"] + arguments).objects()
                    return objects.map { ($0["jobId"] ?? $0["batchId"]) as? String }
                }
                #expect(try await ids("--last", "3") == ["fy26", "c", "d"])
                #expect(try await ids("--since", start.advanced(by: .seconds(11)).rfc3339) == ["fy26", "c", "d"])
                #expect(try await ids("--status", "partial,completed", "--last", "9") == ["a", "fy26"])
                #expect(try await ids("--since", "1h").isEmpty)
            }
        }

        @Test func followEndsOnAnInterruption() async throws {
            try await WorkerFixture.with { fixture in
                let follower = try Command(["results", "--follow", "-o", "json"], environment: fixture.environment)
                let event = CompletionEvent(
                    jobID: "late",
                    status: .cancelled,
                    source: RecordSource(partition: 0, offset: 3),
                    times: JobTimes(accepted: Instant(milliseconds: 0))
                )
                try await fixture.write(
                    [EventEncoder(groupID: "g", jobsTopic: "jobs").encode(event)],
                    to: fixture.topics.results
                )
                try await follower.prints(#""jobId":"late""#)
                follower.signal(SIGINT)
                #expect(try await follower.end().status == 0)
            }
        }
    }
}
