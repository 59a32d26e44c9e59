import EntraIdentity
import Foundation
import HTTPAccess
import HTTPStandIns
import PayoutFilters
import Synchronization
import Testing

@testable import PayoutAPI

/// The retries, tokens and gates of API calls.
@Suite(.bothTransports) struct PayoutClientRetryTests {
    typealias Base = PayoutClientTests

    func create(_ client: PayoutClient) async throws -> Export {
        try await client.create(
            kind: .payments,
            idempotencyID: Base.idempotencyID,
            correlationID: Base.correlationID
        )
    }

    @Test func retriesSendTheSameIdempotencyID() async throws {
        let replies: [StubReply] = [
            .close, .answer(503), .answer(500, body: "<html>"), .answer(202, body: Base.envelope()),
        ]
        try await withStub({ _, index in replies[min(index, 3)] }) { server, transport in
            let clock = TestClock()
            let client = try Base.client(server, transport, retryPolicy: .standard, clock: clock)
            let export = try await create(client)
            #expect(export.requestID == Base.id)
            #expect(server.requests.count == 4)
            #expect(Set(server.requests.map { $0.header("ms-requestid") }).count == 1)
            // Half of 0.5 s, 1 s and 2 s.
            #expect(clock.sleeps == [.milliseconds(250), .milliseconds(500), .seconds(1)])
        }
    }

    @Test func everyGetHasItsOwnIdempotencyID() async throws {
        try await withStub({ _, index in
            index == 0 ? .answer(503) : .answer(200, body: Base.envelope())
        }) { server, transport in
            let client = try Base.client(server, transport, retryPolicy: .standard)
            for _ in 0..<2 {
                _ = try await client.get(kind: .payments, requestID: Base.id, correlationID: Base.correlationID)
            }
            let ids = server.requests.map { $0.header("ms-requestid") }
            #expect(ids.count == 3)
            #expect(ids[0] == ids[1])
            #expect(ids[1] != ids[2])
        }
    }

    @Test func failedAttemptsAreBounded() async throws {
        try await withStub({ _, _ in .answer(503) }) { server, transport in
            let client = try Base.client(server, transport, retryPolicy: .standard)
            let error = try await failure(of: PayoutAPIError.self) { try await create(client) }
            #expect(error.code == "unavailable")
            #expect(server.requests.count == 6)
        }
    }

    @Test func policyNoneDisablesRetries() async throws {
        for reply in [StubReply.close, .answer(503), .answer(429, headers: [("retry-after", "1")])] {
            try await withStub({ _, _ in reply }) { server, transport in
                let clock = TestClock()
                let client = try Base.client(server, transport, retryPolicy: .none, clock: clock)
                _ = try await failure(of: PayoutAPIError.self) { try await create(client) }
                #expect(server.requests.count == 1)
                #expect(clock.sleeps.isEmpty)
            }
        }
    }

    @Test func permanentErrorIsNotRetried() async throws {
        for status in [400, 403, 404] {
            try await withStub({ _, _ in .answer(status) }) { server, transport in
                let client = try Base.client(server, transport, retryPolicy: .standard)
                _ = try await failure(of: PayoutAPIError.self) { try await create(client) }
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test(arguments: [
        [("retry-after", "7")],
        [("retry-after", "Wed, 21 Oct 2026 07:28:07 GMT"), ("date", "Wed, 21 Oct 2026 07:28:00 GMT")],
    ])
    func retryAfterIsHonoured(headers: [(String, String)]) async throws {
        try await withStub({ _, index in
            index == 0 ? .answer(429, headers: headers) : .answer(202, body: Base.envelope())
        }) { server, transport in
            let clock = TestClock()
            let client = try Base.client(server, transport, retryPolicy: .standard, clock: clock)
            _ = try await create(client)
            // Retry-After, and the jitter of a first attempt.
            #expect(clock.sleeps == [.milliseconds(7250)])
        }
    }

    @Test func waitBeyondTheDeadlineThrowsTheError() async throws {
        try await withStub({ _, _ in .answer(429, headers: [("retry-after", "3600")]) }) { server, transport in
            let clock = TestClock()
            let client = try Base.client(server, transport, retryPolicy: .standard, clock: clock)
            let error = try await failure(of: PayoutAPIError.self) { try await create(client) }
            #expect(error.code == "throttled")
            #expect(error.retryAfter == .seconds(3600))
            #expect(error.recovery == .throttled)
            #expect(clock.sleeps.isEmpty)
        }
    }

    // MARK: - 401

    /// A provider with a new token after each refusal.
    final class CountingTokens: TokenProvider {
        private let count = Mutex(1)
        let refused = Mutex<[String]>([])

        func token() async throws -> AccessToken { AccessToken("token-\(self.count.withLock { $0 })") }

        func invalidate(_ token: AccessToken) async {
            self.refused.withLock { $0.append(token.value) }
            self.count.withLock { $0 += 1 }
        }
    }

    @Test func refusedTokenIsRenewedOnce() async throws {
        try await withStub({ request, _ in
            request.header("authorization") == "Bearer token-2" ? .answer(202, body: Base.envelope()) : .answer(401)
        }) { server, transport in
            let tokens = CountingTokens()
            _ = try await create(try Base.client(server, transport, tokens: tokens))
            #expect(server.requests.map { $0.header("authorization") } == ["Bearer token-1", "Bearer token-2"])
            #expect(Set(server.requests.map { $0.header("ms-requestid") }).count == 1)
            #expect(tokens.refused.withLock { $0 } == ["token-1"])
        }
    }

    @Test func secondRefusalIsPermanentForTheAccount() async throws {
        try await withStub({ _, _ in .answer(401) }) { server, transport in
            let client = try Base.client(server, transport, retryPolicy: .standard, tokens: CountingTokens())
            let error = try await failure(of: PayoutAPIError.self) { try await create(client) }
            #expect(error.code == "unauthorized")
            #expect(error.recovery == .permanentForAccount)
            #expect(server.requests.count == 2)
        }
    }

    struct NoTokens: TokenProvider {
        let reason: AuthenticationFailure.Reason
        func token() async throws -> AccessToken { throw AuthenticationFailure(reason: self.reason) }
        func invalidate(_ token: AccessToken) async {}
    }

    @Test func failureOfTheProviderKeepsItsRecovery() async throws {
        try await withStub({ _, _ in .answer(500) }) { server, transport in
            for (reason, recovery) in [
                (AuthenticationFailure.Reason.mfaRequired, Recovery.permanentForAccount),
                (.throttled, .throttled), (.unavailable, .retryable), (.transport(.timeout), .retryable),
            ] {
                let client = try Base.client(server, transport, tokens: NoTokens(reason: reason))
                let error = try await failure(of: PayoutAPIError.self) { try await create(client) }
                #expect(error.recovery == recovery)
                #expect(error.code == "authentication.\(reason.code)")
            }
            #expect(server.requests.isEmpty)
        }
    }

    // MARK: - Gate

    final class RecordingGate: RequestGate {
        struct Closed: Error {}
        let isOpen: Bool
        let entered = Mutex<[PayoutCall]>([])
        let outcomes = Mutex<[RequestOutcome]>([])

        init(isOpen: Bool = true) { self.isOpen = isOpen }

        func enter(_ call: PayoutCall) async throws {
            guard self.isOpen else { throw Closed() }
            self.entered.withLock { $0.append(call) }
        }

        func leave(_ call: PayoutCall, outcome: RequestOutcome) {
            self.outcomes.withLock { $0.append(outcome) }
        }
    }

    @Test func gateIsAskedBeforeEveryRequest() async throws {
        let replies: [StubReply] = [
            // Without the end of this connection, the lost request would be sent again within its attempt.
            .answer(429, headers: [("retry-after", "2"), ("connection", "close")]), .close,
            .answer(202, body: Base.envelope()),
        ]
        try await withStub({ _, index in replies[min(index, 2)] }) { server, transport in
            let gate = RecordingGate()
            _ = try await create(try Base.client(server, transport, retryPolicy: .standard, gate: gate))
            #expect(gate.entered.withLock { $0.count } == 3)
            #expect(
                gate.outcomes.withLock { $0 }
                    == [.throttled(retryAfter: .seconds(2)), .failed, .answered(status: 202)]
            )
        }
    }

    @Test func closedGatePreventsEveryRequest() async throws {
        try await withStub({ _, _ in .answer(202) }) { server, transport in
            let client = try Base.client(server, transport, gate: RecordingGate(isOpen: false))
            await #expect(throws: RecordingGate.Closed.self) { try await create(client) }
            #expect(server.requests.isEmpty)
        }
    }

    // MARK: - The policy itself

    @Test func delaysGrowToTheirBoundWithJitterBelowIt() {
        let policy = RetryPolicy.standard
        #expect(policy.delay(after: 1, retryAfter: nil, random: 1) == .milliseconds(500))
        #expect(policy.delay(after: 3, retryAfter: nil, random: 1) == .seconds(2))
        #expect(policy.delay(after: 60, retryAfter: nil, random: 1) == .seconds(30))
        #expect(policy.delay(after: 60, retryAfter: nil, random: 0) == .zero)
        #expect(policy.delay(after: 60, retryAfter: .seconds(4), random: 1) == .seconds(5))
    }
}
