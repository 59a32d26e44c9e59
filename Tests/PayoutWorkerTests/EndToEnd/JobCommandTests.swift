import ExportCore
import ExportRecords
import Foundation
import KafkaClient
import WorkerKafka
import Testing

@testable import payout_worker

extension EndToEnd {
    @Suite struct JobCommandTests {
        @Test func jobsGoWhereTheJavaClientSendsThem() async throws {
            try await Stage.with(partitions: 5) { stage in
                let sent = try await stage.run("enqueue", "--count", "50", "--prefix", "p", "--account", "emea")
                #expect(sent.status == 0, "\(sent.errors)")
                #expect(sent.lines.count == 50)
                let records = try await stage.records(stage.topics.jobs)
                #expect(Set(records.compactMap(\.key)) == Set(sent.lines))
                for record in records {
                    let key = try #require(record.key)
                    #expect(record.partition == murmur2Partition(key: Array(key.utf8), partitionCount: 5))
                    #expect(record.header("content-type") == "application/json")
                    #expect(record.value?.contains(#""account":"emea""#) == true)
                }
            }
        }

        @Test func nothingIsSentWhenAJobIsWrong() async throws {
            try await Stage.with { stage in
                let input = #"{"jobId":"good","kind":"payments"}"# + "\n" + #"{"jobId":"bad","kind":"x"}"#
                let refused = try await stage.run("enqueue", "--file", "-", input: input)
                #expect(refused.status == 1)
                #expect(refused.errors.contains("line 2"))
                #expect(refused.output.isEmpty)
                #expect(try await stage.records(stage.topics.jobs).isEmpty)
                let sent = try await stage.run("enqueue", "--file", "-", "--no-check", "-o", "json", input: input)
                #expect(sent.status == 0)
                #expect(try sent.objects().map { $0["jobId"] as? String } == ["good", "bad"])
                #expect(try await stage.records(stage.topics.jobs).count == 2)
            }
        }

        @Test func cancelWritesACommand() async throws {
            try await Stage.with { stage in
                #expect(try await stage.run("cancel", "a", "b").lines == ["a", "b"])
                let records = try await stage.records(stage.topics.jobs).sorted { $0.key ?? "" < $1.key ?? "" }
                #expect(records.map(\.key) == ["a", "b"])
                #expect(records.first?.value == #"{"jobId":"a","action":"cancel"}"#)
            }
        }

        @Test func aWaitThatIsOverFailsAndNamesTheJob() async throws {
            try await Stage.with { stage in
                let waited = try await stage.run(
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

        @Test func aBrokerThatIsAwayIsNamed() async throws {
            let failed = try await Command.run(
                "enqueue",
                "--kind",
                "payments",
                "--bootstrap-servers",
                "127.0.0.1:9"
            )
            #expect(failed.status == 1)
            #expect(failed.errors.contains("127.0.0.1:9"))
            #expect(failed.errors.contains("KAFKA_BOOTSTRAP_SERVERS"))
        }

        @Test func resultsHideTheSignatureInTheTableOnly() async throws {
            try await Stage.with { stage in
                let file = ExportFile(
                    location: "https://h.example/c/f.csv?sig=topsecret",
                    stored: false,
                    fileName: "f.csv"
                )
                let accepted = Instant(milliseconds: 1_700_000_000_000)
                let event = CompletionEvent(
                    jobID: "j",
                    status: .completed,
                    job: ExportJob(id: "j", kind: .payments),
                    requestID: "r",
                    attempts: 1,
                    files: [file],
                    times: JobTimes(accepted: accepted, finished: accepted.advanced(by: .seconds(3)))
                )
                let other = CompletionEvent(jobID: "k", status: .rejected, times: JobTimes(accepted: accepted))
                let encoder = EventEncoder(groupID: "g")
                try await stage.write([encoder.encode(event), encoder.encode(other)], to: stage.topics.results)
                let table = try await stage.run("results")
                #expect(table.output.contains("https://h.example/c/f.csv"))
                #expect(!table.output.contains("topsecret"))
                #expect(table.lines.count == 3)
                let json = try await stage.run("results", "-o", "json", "--job", "j")
                #expect(json.lines.count == 1)
                #expect(json.output.contains("sig=topsecret"))
                #expect(try await stage.run("results", "--job", "nobody").output.isEmpty)
            }
        }

        @Test func followingEndsWithAnInterruption() async throws {
            try await Stage.with { stage in
                let follower = try Command(["results", "--follow", "-o", "json"], environment: stage.environment)
                let event = CompletionEvent(
                    jobID: "late",
                    status: .cancelled,
                    times: JobTimes(accepted: Instant(milliseconds: 0))
                )
                try await stage.write([EventEncoder(groupID: "g").encode(event)], to: stage.topics.results)
                try await follower.says(#""jobId":"late""#)
                follower.signal(SIGINT)
                #expect(try await follower.end().status == 0)
            }
        }
    }
}

/// Tests that start processes: one after another, for they share two or four cores.
@Suite(.serialized) struct EndToEnd {}
