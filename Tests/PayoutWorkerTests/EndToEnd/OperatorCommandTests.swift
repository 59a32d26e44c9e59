import ExportCore
import ExportRecords
import Foundation
import PayoutSandbox
import WorkerKafka
import Testing

@testable import payout_worker

extension CommandsEndToEnd {
    @Suite struct OperatorCommandTests {
        @Test func deadLettersAreReplayedOnce() async throws {
            try await WorkerFixture.with { fixture in
                try await Self.writeTwoDeadLetters(fixture)
                let listed = try await fixture.run("dead-letters", "list", "--reason", "KIND IS", "-o", "json")
                    .objects()
                let id = try #require(listed.first?["id"] as? String)
                #expect(listed.count == 1)
                #expect(listed.first?["offset"] as? Int == 7)
                #expect(
                    try await fixture.run("dead-letters", "show", id).output.contains(#"{"jobId":"bad","kind":"x"}"#)
                )
                #expect(
                    try await fixture.run("dead-letters", "list", "--until", "1h").output.contains("no dead letters")
                )

                let dry = try await fixture.run("dead-letters", "replay", "--all", "--dry-run")
                #expect(dry.lines.count == 2)
                #expect(try await fixture.records(fixture.topics.jobs).isEmpty)
                #expect(try await fixture.run("dead-letters", "replay", id).status == 0)
                let second = try await fixture.run("dead-letters", "replay", "--all", "-o", "json").objects()
                #expect(Set(second.compactMap { $0["outcome"] as? String }) == ["sent", "replayedBefore"])
                #expect(second.first { $0["outcome"] as? String == "replayedBefore" }?["id"] as? String == id)

                let replayed = try await fixture.records(fixture.topics.jobs)
                #expect(replayed.count == 2)
                #expect(replayed.allSatisfy { $0.key == "bad" && $0.value == #"{"jobId":"bad","kind":"x"}"# })
                #expect(replayed.allSatisfy { $0.header("traceparent") == "00-t" })
                #expect(replayed.contains { $0.header("x-replayed-from") == "\(fixture.topics.deadLetter)/\(id)" })
                #expect(replayed.allSatisfy { $0.header("__dlq.errors.message") == nil })

                // The marks are in the dead-letter topic, so they remain when the jobs topic deletes the records.
                let remembered = try await fixture.run("dead-letters", "list", "-o", "json").objects()
                #expect(remembered.count == 2)
                #expect(remembered.allSatisfy { $0["replayed"] as? Bool == true })
                #expect(try await fixture.run("dead-letters", "list", "--pending").output.contains("no dead letters"))
                #expect(try await fixture.run("dead-letters", "show", id).output.contains("sent again by"))
                let third = try await fixture.run("dead-letters", "replay", "--all", "-o", "json").objects()
                #expect(third.allSatisfy { $0["outcome"] as? String == "replayedBefore" })
                #expect(try await fixture.records(fixture.topics.jobs).count == 2)

                let missing = try await fixture.run("dead-letters", "replay", "1/999")
                #expect(missing.status == 1)
                #expect(missing.errors.contains("1/999"))
            }
        }

        private static func writeTwoDeadLetters(_ fixture: WorkerFixture) async throws {
            let original = OriginalRecord(
                key: Array("bad".utf8),
                value: Array(#"{"jobId":"bad","kind":"x"}"#.utf8),
                headers: [.init(name: "traceparent", value: Array("00-t".utf8))]
            )
            let encoder = DeadLetterEncoder(topic: fixture.topics.jobs, groupID: "g")
            try await fixture.write(
                [
                    encoder.encode(DeadLetter(original: original, partition: 1, offset: 7, reason: "kind is x")),
                    encoder.encode(DeadLetter(original: original, partition: 1, offset: 8, reason: "too large")),
                ],
                to: fixture.topics.deadLetter
            )
        }

        @Test func sandboxPrintsACompleteConfiguration() async throws {
            let sandbox = try Command(["sandbox", "--speed", "instant", "--kafka-partitions", "3"])
            try await sandbox.prints("WORKER_POLL_MAX_INTERVAL")
            var environment: [String: String] = [:]
            for line in sandbox.output.split(separator: "\n") {
                let parts = line.dropFirst("export ".count).split(separator: "=", maxSplits: 1)
                environment[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
            }
            let checked = try await Command(["check-config", "--connect", "-o", "json"], environment: environment).end()
            #expect(checked.status == 0, "\(checked.output) \(checked.errors)")
            let connections = try #require(try checked.object()["connections"] as? [[String: Any]])
            #expect(
                connections.contains {
                    $0["what"] as? String == "sign-in of default" && $0["outcome"] as? String == "ok"
                }
            )
            #expect(!checked.output.contains("sandbox-password"))
            #expect(sandbox.errors.contains("limits"))
            sandbox.signal(SIGINT)
            #expect(try await sandbox.end().status == 0)
        }

        @Test func sandboxInjectsFaultsFromAFile() async throws {
            let faults = try TemporaryFile(#"{"faults":[{"kind":"signInError","code":50076}]}"#)
            let sandbox = try Command(["sandbox", "--no-kafka", "--faults", faults.path, "-o", "json"])
            try await sandbox.prints("PAYOUT_API_BASE_URL")
            let environment = try #require(
                try JSONSerialization.jsonObject(with: Data(sandbox.output.utf8)) as? [String: String]
            )
            #expect(environment["KAFKA_BOOTSTRAP_SERVERS"] == nil)
            let failed = try await Command(
                ["export", "create", "--kind", "payments"],
                environment: environment
            ).end()
            #expect(failed.status == 1)
            #expect(failed.errors.contains("Run 'payout-worker sign-in'"), "\(failed.errors)")
            sandbox.signal(SIGTERM)
            #expect(try await sandbox.end().status == 0)
            #expect(try await Command.run("sandbox", "--faults", "nonsense").status == 1)
        }

        @Test func checkConfigListsEveryProblem() async throws {
            let environment = ["PAYOUT_API_PASSWORD": "hunter2", "WORKER_MAX_PENDING": "many", "LOG_LEVEL": "loud"]
            let checked = try await Command(["check-config", "-o", "json"], environment: environment).end()
            #expect(checked.status == 78)
            let problems = try #require(try checked.object()["problems"] as? [String]).joined(separator: "\n")
            for name in ["KAFKA_BOOTSTRAP_SERVERS", "PAYOUT_API_TENANT_ID", "WORKER_MAX_PENDING", "LOG_LEVEL"] {
                #expect(problems.contains(name), "\(name): \(problems)")
            }
            #expect(!checked.output.contains("hunter2"))
            let ran = try await Command(["run"], environment: environment).end()
            #expect(ran.status == 78)
            #expect(ran.errors.contains("WORKER_MAX_PENDING"))
        }

        @Test func invalidUsageExitsWith64AndHelpShowsExamples() async throws {
            #expect(try await Command.run("enqueue", "--nonsense").status == 64)
            let help = try await Command.run("enqueue", "--help")
            #expect(help.status == 0)
            #expect(help.output.contains("payout-worker enqueue --file jobs.jsonl"))
        }

        @Test func exportCommandsCreateDownloadAndDelete() async throws {
            try await WorkerFixture.with { fixture in
                let out = fixture.files.path + "/out.csv"
                let made = try await fixture.run(
                    "export",
                    "create",
                    "--kind",
                    "payments",
                    "--from",
                    "2026-01-01",
                    "--wait",
                    "--out",
                    out,
                    "-o",
                    "json"
                )
                #expect(made.status == 0, "\(made.errors)")
                let document = try made.object()
                let id = try #require(document["requestId"] as? String)
                #expect(FileManager.default.contents(atPath: out)?.count == document["sizeBytes"] as? Int)
                #expect(fixture.sandbox.export(requestID: id)?.filter == "payoutStatusUpdateTS ge 2026-01-01")

                let seen = try await fixture.run("export", "get", "--kind", "payments", id)
                #expect(seen.output.contains("Completed"))
                #expect(seen.output.contains("sig=REDACTED"))
                let again = try await fixture.run("export", "download", "--kind", "payments", id, "--out", out)
                #expect(again.status == 1)
                #expect(again.errors.contains("--force"))
                let piped = try await fixture.run("export", "download", "--kind", "payments", id, "--out", "-")
                #expect(piped.output.utf8.count == document["sizeBytes"] as? Int)

                #expect(try await fixture.run("export", "delete", "--kind", "payments", id).status == 0)
                let gone = try await fixture.run("export", "get", "--kind", "payments", id)
                #expect(gone.status == 1)
                let names = try FileManager.default.contentsOfDirectory(atPath: fixture.files.path)
                #expect(names.contains("out.csv"))
                #expect(names.allSatisfy { !$0.hasSuffix(".part") })
            }
        }
    }
}
