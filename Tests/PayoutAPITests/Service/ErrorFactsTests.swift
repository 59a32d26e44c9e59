import Foundation
import HTTPAccess
import HTTPStandIns
import PayoutFilters
import PayoutSandbox
import Testing

@testable import PayoutAPI

/// The documented error statuses, each tested with the sandbox over a socket: a transient error is retried with the same
/// idempotency id and yields one export, a permanent one is not retried.
@Suite(.bothTransports) struct ErrorFactsTests {
    typealias Fault = PayoutSandbox.Fault

    private func create(_ client: PayoutClient) async throws -> Export {
        try await client.create(kind: .payments, idempotencyID: UUID(), correlationID: UUID())
    }

    // MARK: - Transient

    @Test(arguments: [408, 429, 500, 502, 503, 504], Fault.ErrorBody.allCases)
    func transientStatusIsRetried(status: Int, body: Fault.ErrorBody) async throws {
        try await SandboxFixture.with({ $0.faults = [Fault(.status(status, body: body), on: [.create], count: 2)] }) {
            fixture in
            _ = try await create(try fixture.client(retryPolicy: .standard))
            #expect(fixture.sandbox.stats.answers[.create] == [status: 2, 202: 1])
            #expect(fixture.sandbox.exportCount == 1)
            #expect(fixture.clock.sleeps.count == 2)
        }
    }

    @Test(arguments: [
        Fault.Effect.lostAnswer, .closed, .status(500, afterEffect: true), .status(503, body: .html, afterEffect: true),
        .status(401, afterEffect: true),
    ])
    func lostAnswerCreatesNoSecondExport(effect: Fault.Effect) async throws {
        try await SandboxFixture.with({ $0.faults = [Fault(effect, on: [.create], count: 2)] }) { fixture in
            let client = try fixture.client(retryPolicy: .standard)
            var created: Export?
            do {
                created = try await create(client)
            } catch let error as PayoutAPIError {
                // Two 401 in a row end the call.
                #expect(error.code == "unauthorized")
            }
            #expect(fixture.sandbox.exportCount == 1)
            #expect(fixture.sandbox.stats.duplicateExports == 0)
            if let created { #expect(fixture.sandbox.exports.map(\.requestID) == [created.requestID]) }
        }
    }

    @Test func lateAnswerTimesOutAndIsRetried() async throws {
        try await SandboxFixture.with({ $0.faults = [Fault(.slow(.seconds(3600)), on: [.create], count: 1)] }) {
            fixture in
            // On a slow machine other calls time out as well, so the number of attempts is not limited.
            var policy = RetryPolicy.standard
            policy.maximumAttempts = 10_000
            policy.deadline = .seconds(1_000_000)
            let client = try fixture.client(retryPolicy: policy, requestTimeout: .milliseconds(500))
            _ = try await client.get(
                kind: .payments,
                requestID: try await create(client).requestID,
                correlationID: UUID()
            )
            #expect(fixture.sandbox.exportCount == 1)
            #expect(fixture.sandbox.stats.repeatedCreates >= 1)
        }
    }

    @Test(arguments: [(Fault.RetryAfter.seconds(7), 7), (.date(secondsFromNow: 9), 8)])
    func retryAfterIsHonoredInBothForms(form: Fault.RetryAfter, least: Int) async throws {
        try await SandboxFixture.with({
            $0.faults = [Fault(.status(429, retryAfter: form), on: [.create], count: 1)]
        }) { fixture in
            _ = try await create(try fixture.client(retryPolicy: .standard))
            #expect(fixture.clock.sleeps.count == 1)
            // Dates have whole seconds.
            #expect(try #require(fixture.clock.sleeps.first) >= .seconds(least))
        }
    }

    @Test func rateLimitIsReportedToTheCaller() async throws {
        try await SandboxFixture.with({ $0.rateLimit = .init(requestsPerSecond: 0.01, burst: 1) }) { fixture in
            let client = try fixture.client()
            let created = try await create(client)
            let error = try await failure(of: PayoutAPIError.self) { try await create(client) }
            #expect(error.recovery == .throttled)
            #expect(try #require(error.retryAfter) >= .seconds(1))
            // Calls of another type have their own limit.
            _ = try await client.get(kind: .payments, requestID: created.requestID, correlationID: UUID())
        }
    }

    // MARK: - Permanent

    @Test(arguments: [
        (400, "rejected", Recovery.permanentForJob), (403, "forbidden", .permanentForJob),
        (404, "rejected", .permanentForJob),
    ])
    func permanentStatusIsNotRetried(status: Int, code: String, recovery: Recovery) async throws {
        try await SandboxFixture.with({ $0.faults = [Fault(.status(status), on: [.create])] }) { fixture in
            let error = try await failure(of: PayoutAPIError.self) {
                try await create(try fixture.client(retryPolicy: .standard))
            }
            #expect(error.code == code)
            #expect(error.recovery == recovery)
            #expect(error.httpStatus == status)
            #expect(fixture.sandbox.stats.total(.create) == 1)
        }
    }

    @Test func refusedTokenIsRenewedOnce() async throws {
        try await SandboxFixture.with { fixture in
            let client = try fixture.client()
            let created = try await create(client)
            fixture.sandbox.revokeTokens()
            _ = try await client.get(kind: .payments, requestID: created.requestID, correlationID: UUID())
            #expect(fixture.sandbox.stats.answers[.get] == [401: 1, 200: 1])
            #expect(fixture.sandbox.stats.tokensIssued == 2)
            fixture.sandbox.faults = [Fault(.status(401))]
            let error = try await failure(of: PayoutAPIError.self) {
                try await create(try fixture.client(retryPolicy: .standard))
            }
            #expect(error.code == "unauthorized")
            #expect(error.recovery == .permanentForAccount)
            #expect(fixture.sandbox.stats.answers[.create] == [202: 1, 401: 2])
        }
    }

    // MARK: - Bodies

    @Test(arguments: [
        (Fault.ErrorBody.nested, true), (.flat, true), (.empty, false), (.html, false),
    ])
    func everyFormOfAnErrorBodyIsRead(body: Fault.ErrorBody, hasCode: Bool) async throws {
        try await SandboxFixture.with({ $0.faults = [Fault(.status(503, body: body))] }) { fixture in
            let error = try await failure(of: PayoutAPIError.self) { try await create(try fixture.client()) }
            #expect((error.service?.code != nil) == hasCode)
            #expect((error.service == nil) == (body == .empty))
            #expect(error.code == "unavailable")
        }
    }
}
