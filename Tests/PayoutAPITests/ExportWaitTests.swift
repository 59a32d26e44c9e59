import Foundation
import HTTPAccess
import HTTPStandIns
import PayoutFilters
import Testing

@testable import PayoutAPI

/// Waiting for an export. The clock advances by sleeping.
@Suite(.bothTransports) struct ExportWaitTests {
    private static let url = "https://a.blob.core.windows.net/c/f.csv?sig=x"
    private let queued = Export(kind: .payments, requestID: PayoutClientTests.id, status: .queued)

    private static func answer(_ status: String, blob: String = "") -> StubReply {
        .answer(200, body: PayoutClientTests.envelope(status: status, blob: blob))
    }

    private func with(
        _ answers: [StubReply],
        clock: TestClock = TestClock(),
        _ body: (PayoutClient) async throws -> Void
    ) async throws {
        try await withStub({ _, index in answers[min(index, answers.count - 1)] }) { server, transport in
            try await body(PayoutClientTests.client(server, transport, clock: clock))
        }
    }

    @Test func updatesAreTheStatesThatDiffer() async throws {
        let answers = [
            Self.answer("Queued"), Self.answer("Queued"), Self.answer("Processing"), Self.answer("Completed"),
            Self.answer("Completed", blob: Self.url), Self.answer("Queued"),
        ]
        try await with(answers) { client in
            var states: [String] = []
            for try await export in client.updates(of: queued) { states.append("\(export.status) \(export.isReady)") }
            #expect(states == ["Queued false", "Processing false", "Completed false", "Completed true"])
        }
    }

    @Test func waitReturnsTheExportWithItsFile() async throws {
        let clock = TestClock()
        let answers = [Self.answer("Queued"), Self.answer("Processing"), Self.answer("Completed", blob: Self.url)]
        try await with(answers, clock: clock) { client in
            let export = try await client.waitUntilCompleted(queued)
            #expect(export.blobLocation?.unredacted == Self.url)
            #expect(export.kind == .payments)
            let longest: [Duration] = [.seconds(5), .seconds(10)]
            #expect(clock.sleeps.count == longest.count)
            #expect(zip(clock.sleeps, longest).allSatisfy { $0 <= $1 && $0 >= $1 * 0.9 })
        }
    }

    @Test func waitThrowsForAFailedExport() async throws {
        try await with([Self.answer("Processing"), Self.answer("Failed")]) { client in
            let error = try await failure(of: ExportNotCompleted.self) { try await client.waitUntilCompleted(queued) }
            #expect(error.reason == .failed)
            #expect("\(error)".contains(PayoutClientTests.id))
        }
    }

    @Test func waitEndsAtItsTimeout() async throws {
        let clock = TestClock()
        try await with([Self.answer("Processing")], clock: clock) { client in
            let polling = ExportPolling(firstWait: .seconds(60), longestWait: .seconds(120), timeout: .seconds(300))
            let error = try await failure(of: ExportNotCompleted.self) {
                try await client.waitUntilCompleted(queued, polling: polling)
            }
            #expect(error.reason == .timedOut)
            #expect(clock.sleeps.reduce(.zero, +) == .seconds(300))
            #expect(clock.sleeps.allSatisfy { $0 <= .seconds(120) })
        }
    }

    @Test func pollIsNotBeforeTheWaitThatTheServiceAsksFor() async throws {
        let clock = TestClock()
        let throttled = StubReply.answer(429, headers: [("retry-after", "200")])
        try await with([throttled, Self.answer("Completed", blob: Self.url)], clock: clock) { client in
            let export = try await client.waitUntilCompleted(queued, polling: ExportPolling(timeout: .seconds(300)))
            #expect(export.isReady)
            #expect(clock.sleeps == [.seconds(200)])
        }
    }

    @Test func waitThatTheServiceAsksForDoesNotExceedTheTimeout() async throws {
        let clock = TestClock()
        let throttled = StubReply.answer(429, headers: [("retry-after", "3600")])
        try await with([Self.answer("Queued"), throttled], clock: clock) { client in
            let polling = ExportPolling(timeout: .seconds(300))
            let error = try await failure(of: ExportNotCompleted.self) {
                try await client.waitUntilCompleted(queued, polling: polling)
            }
            #expect(error.reason == .timedOut)
            #expect(clock.sleeps.reduce(.zero, +) <= .seconds(300))
        }
    }

    @Test func retriesOfAPollDoNotExceedTheTimeout() async throws {
        let clock = TestClock()
        let unavailable = StubReply.answer(503, headers: [("retry-after", "40")])
        try await withStub({ _, _ in unavailable }) { server, transport in
            let client = try PayoutClientTests.client(server, transport, retryPolicy: .standard, clock: clock)
            let polling = ExportPolling(timeout: .seconds(60), maximumFailures: 100)
            let error = try await failure(of: ExportNotCompleted.self) {
                try await client.waitUntilCompleted(queued, polling: polling)
            }
            #expect(error.reason == .timedOut)
            #expect(clock.sleeps.reduce(.zero, +) <= .seconds(60))
            #expect(server.requests.count == 2)
        }
    }

    @Test func transientErrorsDoNotEndTheWait() async throws {
        let failing = [StubReply.answer(503), .answer(429), .answer(503)]
        try await with(failing + [Self.answer("Completed", blob: Self.url)]) { client in
            let export = try await client.waitUntilCompleted(queued)
            #expect(export.isReady)
        }
        try await with(failing) { client in
            let polling = ExportPolling(maximumFailures: 3)
            let error = try await failure(of: PayoutAPIError.self) {
                try await client.waitUntilCompleted(queued, polling: polling)
            }
            #expect(error.code == "unavailable")
        }
    }

    @Test func permanentErrorEndsTheWait() async throws {
        try await with([StubReply.answer(404)]) { client in
            let error = try await failure(of: PayoutAPIError.self) { try await client.waitUntilCompleted(queued) }
            #expect(error.code == "notFound")
        }
    }

    @Test func defaultPollingIsBounded() {
        let polling = ExportPolling()
        #expect(polling.wait(after: 1, random: 0) == .seconds(5))
        #expect(polling.wait(after: 100, random: 0) == .seconds(300))
        #expect(polling.wait(after: 100, random: 0.5) < .seconds(300))
        let hasty = ExportPolling(firstWait: .zero, longestWait: .milliseconds(-1))
        for polls in [1, 2, 100] { #expect(hasty.wait(after: polls, random: 1) == .seconds(1)) }
    }
}
