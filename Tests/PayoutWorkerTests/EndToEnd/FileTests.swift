import EmbeddedKafka
import Foundation
import PayoutSandbox
import Testing
import WorkerKafka

@testable import payout_worker

extension WorkersEndToEnd {
    @Suite struct FileTests {
        @Test(arguments: [true, false])
        func urlOfAnotherHostIsNotPublished(storesFiles: Bool) async throws {
            try await WorkerFixture.with { fixture in
                let url = "http://169.254.169.254/latest/meta-data?sv=1&sig=c2VjcmV0"
                fixture.sandbox.add(.init(.blobLocation(url), on: [.get]))
                var environment = fixture.environment
                if !storesFiles { environment["FILES_LOCATION"] = "" }
                let worker = try Command(["run"], environment: environment)
                let event = try await Self.ended("elsewhere", on: fixture, worker)
                #expect((event["error"] as? [String: Any])?["code"] as? String == "downloadFailed")
                #expect((event["files"] as? [Any])?.isEmpty == true)
                worker.signal(SIGTERM)
                let log = try await worker.end().errors
                let records = try await fixture.records(fixture.topics.results) + fixture.records(fixture.topics.state)
                for text in [log] + records.compactMap(\.value) {
                    for part in ["sig=", "c2VjcmV0", "meta-data"] { #expect(!text.contains(part), "\(text)") }
                }
            }
        }

        @Test func htmlPageInPlaceOfAFileFailsTheDownload() async throws {
            try await WorkerFixture.with { fixture in
                fixture.sandbox.add(.init(.blobPage, on: [.blob]))
                let worker = try Command(["run"], environment: fixture.environment)
                let event = try await Self.ended("page", on: fixture, worker)
                let error = try #require(event["error"] as? [String: Any])
                #expect(error["code"] as? String == "downloadFailed")
                #expect((error["message"] as? String)?.contains("an HTML page in place of the file") == true)
                let file = try #require((event["files"] as? [[String: Any]])?.first)
                #expect(file["stored"] as? Bool == false)
                worker.signal(SIGTERM)
                #expect(try await worker.end().status == 0)
            }
        }

        /// Enqueues a job and returns the event of its failure.
        private static func ended(_ id: String, on fixture: WorkerFixture, _ worker: Command) async throws -> [String:
            Any]
        {
            let waited = try await fixture.run(
                "enqueue",
                "--job-id",
                id,
                "--kind",
                "payments",
                "--wait",
                "--timeout",
                "10m",
                "-o",
                "json"
            )
            #expect(waited.status == 1, "\(waited.errors) \(worker.errors)")
            return try #require(try waited.objects().first)
        }
    }
}
