import ExportRecords
import Foundation
import PayoutSandbox
import Testing

@testable import payout_worker

extension CommandsEndToEnd {
    /// Periods from the command line to the rows of the files.
    @Suite struct SelectionTests {
        @Test func splitPeriodEndsWithOneFileForEachMonthAlsoWhenRepeated() async throws {
            try await WorkerFixture.with { fixture in
                var arguments = [
                    "enqueue", "--kind", "payments", "--from", "2026-07-01", "--to", "2026-10-01", "--split", "month",
                ]
                let planned = try await Command(arguments + ["--dry-run"], environment: [:]).end()
                #expect(planned.status == 0, "\(planned.errors)")
                let documents = try planned.objects()
                #expect(documents.count == 3)

                let worker = try Command(["run"], environment: fixture.environment)
                arguments += ["--wait", "--timeout", "10m", "-o", "json"]
                for _ in 0..<2 {
                    let waited = try await Command(arguments, environment: fixture.environment).end()
                    #expect(waited.status == 0, "\(waited.errors) \(worker.errors)")
                    let events = try waited.objects()
                    #expect(Set(events.map { $0["jobId"] as? String }) == Set(documents.map { $0["jobId"] as? String }))
                    for event in events { try Self.checkRows(of: event) }
                }
                #expect(fixture.sandbox.exportCount == 3)
                arguments.append("--again")
                #expect(try await Command(arguments, environment: fixture.environment).end().status == 0)
                #expect(fixture.sandbox.exportCount == 6)
                worker.signal(SIGTERM)
                #expect(try await worker.end().status == 0)
            }
        }

        /// The same command again finds a batch that has its event already.
        @Test func waitEndsWithEventOfBatchAlsoWhenRepeated() async throws {
            try await WorkerFixture.with { fixture in
                let worker = try Command(["run"], environment: fixture.environment)
                let arguments = [
                    "enqueue", "--kind", "payments", "--from", "2026-07-01", "--to", "2026-09-01", "--split", "month",
                    "--batch", "fy26", "--wait", "--timeout", "10m", "-o", "json",
                ]
                var jobs: [String] = []
                for _ in 0..<2 {
                    let waited = try await Command(arguments, environment: fixture.environment).end()
                    #expect(waited.status == 0, "\(waited.errors) \(worker.errors)")
                    let objects = try waited.objects()
                    jobs = objects.compactMap { $0["jobId"] as? String }
                    #expect(jobs.count == 2)
                    let batch = try #require(objects.last)
                    #expect(batch["batchId"] as? String == "fy26")
                    #expect(batch["status"] as? String == "completed")
                    #expect((batch["location"] as? String)?.hasSuffix("/_batch/fy26.json") ?? false)
                }
                let listed = try await fixture.run(
                    "jobs",
                    "list",
                    "--batch",
                    "fy26",
                    "--status",
                    "finished",
                    "-o",
                    "json"
                )
                #expect(try listed.objects().count == 2)
                let shown = try await fixture.run("jobs", "show", jobs[0])
                #expect(shown.output.contains("enqueued: "), "\(shown.output)")
                worker.signal(SIGTERM)
                #expect(try await worker.end().status == 0)
            }
        }

        @Test func waitForBatchWithFailedJobEndsWithOne() async throws {
            try await WorkerFixture.with { fixture in
                let worker = try Command(["run"], environment: fixture.environment)
                let waited = try await fixture.run(
                    "enqueue",
                    "--kind",
                    "payments",
                    "--from",
                    "2026-07-01",
                    "--to",
                    "2026-09-01",
                    "--split",
                    "month",
                    "--batch",
                    "late",
                    "--deadline",
                    "2026-01-01T00:00:00Z",
                    "--wait",
                    "--timeout",
                    "10m"
                )
                #expect(waited.status == 1, "\(waited.errors) \(worker.errors)")
                #expect(waited.output.contains("batch late  partial"), "\(waited.output)")
                worker.signal(SIGTERM)
                #expect(try await worker.end().status == 0)
            }
        }

        /// All rows of the file are in the month of the event's filter.
        private static func checkRows(of event: [String: Any]) throws {
            let filter = try #require(event["filter"] as? String)
            let month = try #require(filter.split(separator: " ").dropFirst(2).first).prefix(7)
            let file = try #require((event["files"] as? [[String: Any]])?.first)
            let path = try #require(URL(string: file["location"] as? String ?? "")?.path)
            let rows = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").dropFirst()
            #expect(!rows.isEmpty)
            #expect(rows.allSatisfy { $0.contains(",\(month)-") }, "\(month): \(rows.first ?? "")")
        }

        @Test func requiredFilterIsDemandedByCommandAndWorker() async throws {
            try await WorkerFixture.with { fixture in
                let environment = fixture.environment.merging(["PAYOUT_API_REQUIRE_FILTER": "true"]) { $1 }
                let worker = try Command(["run"], environment: environment)
                let refused = try await Command(["enqueue", "--kind", "payments"], environment: environment).end()
                #expect(refused.status == 1)
                #expect(refused.errors.contains("--month"), "\(refused.errors)")
                let created = try await Command(["export", "create", "--kind", "payments"], environment: environment)
                    .end()
                #expect(created.status == 1)
                #expect(created.errors.contains("PAYOUT_API_REQUIRE_FILTER"), "\(created.errors)")

                let rejected = try await fixture.run(
                    "enqueue",
                    "--kind",
                    "payments",
                    "--wait",
                    "--timeout",
                    "10m",
                    "-o",
                    "json"
                )
                #expect(rejected.errors.contains("warning: The job has no filter"), "\(rejected.errors)")
                let event = try #require(try rejected.objects().first)
                #expect(event["status"] as? String == "rejected")
                #expect((event["error"] as? [String: Any])?["code"] as? String == "invalidJob")
                #expect(fixture.sandbox.exportCount == 0)
                worker.signal(SIGTERM)
                #expect(try await worker.end().status == 0)
            }
        }

        @Test func monthIsExportedIntoAFolderWithoutKafka() async throws {
            try await WorkerFixture.with { fixture in
                let made = try await fixture.run(
                    "export",
                    "create",
                    "--kind",
                    "payments",
                    "--month",
                    "2026-10",
                    "--wait",
                    "--out",
                    fixture.files.path,
                    "-o",
                    "json"
                )
                #expect(made.status == 0, "\(made.errors)")
                let path = try #require(try made.object()["file"] as? String)
                #expect(path.hasPrefix(fixture.files.path + "/"))
                let rows = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").dropFirst()
                #expect(!rows.isEmpty && rows.allSatisfy { $0.contains(",2026-10-") })
            }
        }
    }
}
