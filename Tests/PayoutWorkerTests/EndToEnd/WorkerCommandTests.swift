import ExportCore
import ExportRecords
import Foundation
import PayoutSandbox
import EmbeddedKafka
import WorkerKafka
import Testing

@testable import payout_worker

extension EndToEnd {
    @Suite struct WorkerCommandTests {
        @Test func jobsRunFromTheQueueToTheFile() async throws {
            try await Stage.with { stage in
                let worker = try Command(["run"], environment: stage.environment)
                let waited = try await stage.run(
                    "enqueue",
                    "--count",
                    "4",
                    "--prefix",
                    "w",
                    "--wait",
                    "--timeout",
                    "90s",
                    "-o",
                    "json"
                )
                #expect(waited.status == 0, "\(waited.errors) \(worker.errors)")
                let events = try waited.objects()
                #expect(Set(events.compactMap { $0["jobId"] as? String }) == ["w-1", "w-2", "w-3", "w-4"])
                for event in events {
                    let file = try #require((event["files"] as? [[String: Any]])?.first)
                    let path = try #require(URL(string: file["location"] as? String ?? "")?.path)
                    let size = try #require(FileManager.default.contents(atPath: path)?.count)
                    #expect(size == file["sizeBytes"] as? Int)
                }
                #expect(stage.sandbox.exportCount == 4)

                let refused = try await stage.run(
                    "enqueue",
                    "--job-id",
                    "no",
                    "--kind",
                    "x",
                    "--no-check",
                    "--wait",
                    "--timeout",
                    "60s"
                )
                #expect(refused.status == 1)
                #expect(refused.output.contains("rejected"))

                _ = try await stage.run("enqueue", "--job-id", "later", "--kind", "payments", "--not-before", "1h")
                let cancelled = try await stage.run("cancel", "later", "--wait")
                #expect(cancelled.status == 0, "\(cancelled.errors)")

                try await Self.checkStatus(stage)
                worker.signal(SIGTERM)
                let ended = try await worker.end()
                #expect(ended.status == 0, "\(ended.errors)")
                #expect(!ended.errors.contains("sandbox-password"))
            }
        }

        private static func checkStatus(_ stage: Stage) async throws {
            let fleet = try await stage.run("status", "-o", "json").object()
            let jobs = try #require(fleet["jobs"] as? [String: Int])
            #expect(jobs["finished.completed"] == 4)
            #expect(jobs["finished.cancelled"] == 1)
            #expect((fleet["oldest"] as? [Any])?.isEmpty == true)
            // The embedded broker describes no groups, and the command says so instead of failing.
            #expect(fleet["notes"] as? [String] == ["the group's members: this broker does not tell them"])
            let job = try await stage.run("status", "w-2", "-o", "json").object()
            #expect(job["state"] as? String == "completed")
            let moments = try #require(job["timeline"] as? [[String: String]]).compactMap { $0["what"] }
            #expect(moments.first?.hasPrefix("enqueued") == true)
            #expect(moments.contains("accepted"))
            #expect(moments.contains("finished: completed"))
            #expect(try await stage.run("status").output.contains("5 finished"))
            let unknown = try await stage.run("status", "nobody")
            #expect(unknown.status == 1)
            #expect(unknown.errors.contains("nobody"))
        }

        @Test func aWorkerDoesNotStartOnTopicsThatDoNotMatch() async throws {
            try await Stage.with(partitions: 3) { stage in
                try stage.broker.createTopic("narrow", partitions: 2)
                var environment = stage.environment
                environment["KAFKA_TOPICS_STATE"] = "narrow"
                let ended = try await Command(["run"], environment: environment).end()
                #expect(ended.status == 1)
                #expect(ended.errors.contains("has 2 partitions"))
                #expect(ended.errors.contains("payout-worker topics create"))
                let checked = try await Command(["topics", "check"], environment: environment).end()
                #expect(checked.status == 1)
                #expect(checked.output.contains("payout-worker topics create"))
                #expect(try await stage.run("topics", "check").status == 0)
            }
        }

        @Test func aWorkerWaitsForItsBroker() async throws {
            var environment = WorkerConfigurationTests.complete
            environment["KAFKA_BOOTSTRAP_SERVERS"] = "127.0.0.1:9"
            environment["HTTP_PORT"] = "0"
            let worker = try Command(["run"], environment: environment)
            try await worker.wait(for: "the message") {
                worker.errors.contains("Kafka cannot be reached; waiting for it")
            }
            #expect(worker.errors.contains("brokers=127.0.0.1:9"))
            worker.signal(SIGTERM)
            #expect(try await worker.end().status == 0)
        }

        @Test func theDemoEndsWell() async throws {
            let files = try TemporaryFile(directory: ())
            let demo = try await Command.run("demo", "--jobs", "5", "--files", files.path)
            #expect(demo.status == 0, "\(demo.output) \(demo.errors)")
            #expect(demo.output.contains("ok: every job completed"))
            #expect(!demo.output.contains("NOT OK"))
            #expect(demo.output.contains(files.path))
        }
    }
}
