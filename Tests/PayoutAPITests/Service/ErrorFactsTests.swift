import Foundation
import PayoutFilters
import PayoutSandbox
import Testing

@testable import PayoutAPI

/// The table of statuses, row by row, over a socket: what is passing is repeated with the same idempotency id and ends
/// with one export, what is final is not.
@Suite struct ErrorFactsTests {
    typealias Fault = PayoutSandbox.Fault

    private func create(_ client: PayoutClient) async throws -> Export {
        try await client.create(kind: .payments, idempotencyID: UUID(), correlationID: UUID())
    }

    // MARK: - Passing

    @Test(arguments: [408, 429, 500, 502, 503, 504], Fault.ErrorBody.allCases)
    func passingStatusesAreRepeated(status: Int, body: Fault.ErrorBody) async throws {
        try await SandboxStage.with({ $0.faults = [Fault(.status(status, body: body), on: [.create], count: 2)] }) {
            stage in
            _ = try await create(try stage.client(retryPolicy: .standard))
            #expect(stage.sandbox.stats.answers[.create] == [status: 2, 202: 1])
            #expect(stage.sandbox.exportCount == 1)
            #expect(stage.clock.sleeps.count == 2)
        }
    }

    @Test(arguments: [
        Fault.Effect.lostAnswer, .closed, .status(500, afterEffect: true), .status(503, body: .html, afterEffect: true),
        .status(401, afterEffect: true),
    ])
    func whatMayHaveTakenEffectIsAskedAgainUnderTheSameID(effect: Fault.Effect) async throws {
        try await SandboxStage.with({ $0.faults = [Fault(effect, on: [.create], count: 2)] }) { stage in
            let client = try stage.client(retryPolicy: .standard)
            var created: Export?
            do {
                created = try await create(client)
            } catch let error as PayoutAPIError {
                // Two refusals in a row are one too many for a token.
                #expect(error.code == "unauthorized")
            }
            #expect(stage.sandbox.exportCount == 1)
            #expect(stage.sandbox.stats.duplicateExports == 0)
            if let created { #expect(stage.sandbox.exports.map(\.requestID) == [created.requestID]) }
        }
    }

    @Test func aLateAnswerIsNotWaitedFor() async throws {
        try await SandboxStage.with({ $0.faults = [Fault(.slow(.seconds(3600)), on: [.create], count: 1)] }) { stage in
            let client = try stage.client(retryPolicy: .standard, requestTimeout: .milliseconds(500))
            _ = try await client.get(
                kind: .payments,
                requestID: try await create(client).requestID,
                correlationID: UUID()
            )
            #expect(stage.sandbox.exportCount == 1)
            #expect(stage.sandbox.stats.repeatedCreates >= 1)
        }
    }

    @Test(arguments: [(Fault.RetryAfter.seconds(7), 7), (.date(secondsFromNow: 9), 8)])
    func retryAfterIsWaitedInBothForms(form: Fault.RetryAfter, least: Int) async throws {
        try await SandboxStage.with({
            $0.faults = [Fault(.status(429, retryAfter: form), on: [.create], count: 1)]
        }) { stage in
            _ = try await create(try stage.client(retryPolicy: .standard))
            #expect(stage.clock.sleeps.count == 1)
            // Dates have whole seconds.
            #expect(try #require(stage.clock.sleeps.first) >= .seconds(least))
        }
    }

    @Test func aRateLimitIsToldToTheCaller() async throws {
        try await SandboxStage.with({ $0.rateLimit = .init(requestsPerSecond: 0.01, burst: 1) }) { stage in
            let client = try stage.client()
            let created = try await create(client)
            let error = try await failure(of: PayoutAPIError.self) { try await create(client) }
            #expect(error.recovery == .throttled)
            #expect(try #require(error.retryAfter) >= .seconds(1))
            // Calls of another type have a budget of their own.
            _ = try await client.get(kind: .payments, requestID: created.requestID, correlationID: UUID())
        }
    }

    // MARK: - Final

    @Test(arguments: [
        (400, "rejected", Recovery.permanentForJob), (403, "forbidden", .permanentForJob),
        (404, "rejected", .permanentForJob),
    ])
    func finalStatusesAreNotRepeated(status: Int, code: String, recovery: Recovery) async throws {
        try await SandboxStage.with({ $0.faults = [Fault(.status(status), on: [.create])] }) { stage in
            let error = try await failure(of: PayoutAPIError.self) {
                try await create(try stage.client(retryPolicy: .standard))
            }
            #expect(error.code == code)
            #expect(error.recovery == recovery)
            #expect(error.httpStatus == status)
            #expect(stage.sandbox.stats.total(.create) == 1)
        }
    }

    @Test func aRefusedTokenIsRenewedOnce() async throws {
        try await SandboxStage.with { stage in
            let client = try stage.client()
            let created = try await create(client)
            stage.sandbox.revokeTokens()
            _ = try await client.get(kind: .payments, requestID: created.requestID, correlationID: UUID())
            #expect(stage.sandbox.stats.answers[.get] == [401: 1, 200: 1])
            #expect(stage.sandbox.stats.tokensIssued == 2)
            stage.sandbox.faults = [Fault(.status(401))]
            let error = try await failure(of: PayoutAPIError.self) {
                try await create(try stage.client(retryPolicy: .standard))
            }
            #expect(error.code == "unauthorized")
            #expect(error.recovery == .permanentForAccount)
            #expect(stage.sandbox.stats.answers[.create] == [202: 1, 401: 2])
        }
    }

    // MARK: - Bodies

    @Test(arguments: [
        (Fault.ErrorBody.nested, true), (.flat, true), (.empty, false), (.html, false),
    ])
    func bodiesAreReadAsFarAsTheySaySomething(body: Fault.ErrorBody, hasCode: Bool) async throws {
        try await SandboxStage.with({ $0.faults = [Fault(.status(503, body: body))] }) { stage in
            let error = try await failure(of: PayoutAPIError.self) { try await create(try stage.client()) }
            #expect((error.service?.code != nil) == hasCode)
            #expect((error.service == nil) == (body == .empty))
            #expect(error.code == "unavailable")
        }
    }
}
