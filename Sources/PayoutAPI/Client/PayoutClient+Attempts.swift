import EntraIdentity
import HTTPAccess
import Logging
import NIOHTTP1

// A call allocates the frame of each asynchronous function, with room for everything in it; frames above a kilobyte are
// expensive. What few calls need is therefore in functions that are not inlined.

extension PayoutClient {
    /// Sends a call until it succeeds, fails permanently, or the retry policy ends.
    ///
    /// - Returns: An answer with a status of 200 to 299.
    nonisolated(nonsending) func perform(
        _ call: PayoutCall,
        method: HTTPMethod,
        url: String
    ) async throws -> HTTPAnswer {
        guard configuration.retryPolicy.maximumAttempts > 1 else {
            return try await attempt(call, method: method, url: url, resends: 0)
        }
        return try await performRepeatedly(call, method: method, url: url)
    }

    @inline(never)
    nonisolated(nonsending) private func performRepeatedly(
        _ call: PayoutCall,
        method: HTTPMethod,
        url: String
    ) async throws -> HTTPAnswer {
        let policy = configuration.retryPolicy
        let start = environment.clock.uptime()
        var attempt = 1
        while true {
            do {
                return try await self.attempt(call, method: method, url: url, resends: attempt - 1)
            } catch let error as PayoutAPIError where error.isRepeatedByClient {
                let delay = policy.delay(
                    after: attempt,
                    retryAfter: error.retryAfter,
                    random: environment.random()
                )
                let elapsed = environment.clock.uptime() - start
                guard attempt < policy.maximumAttempts, elapsed + delay <= policy.deadline else { throw error }
                logger?.info(
                    "Payout request failed, retrying",
                    metadata: [
                        "error.type": "\(error.code)", "attempt": "\(attempt)", "delay": "\(delay)",
                        "ms-correlationid": "\(call.correlationID.lowercaseText)",
                    ]
                )
                try await environment.clock.sleep(for: delay)
                attempt += 1
            }
        }
    }

    /// Sends one request, and a second one with a new token where the service refuses the first token. No new token is
    /// fetched where the service demands multi-factor authentication: it would be refused too.
    @inline(never)
    nonisolated(nonsending) private func attempt(
        _ call: PayoutCall,
        method: HTTPMethod,
        url: String,
        resends: Int,
        mayRenewToken: Bool = true
    ) async throws -> HTTPAnswer {
        let token = try await token(for: call)
        let answer = try await exchange(call, method: method, url: url, token: token, resends: resends)
        if answer.isSuccess { return answer }
        if mayRenewToken, answer.status == 401, ServiceError(body: answer.body, secrets: [])?.demandsMFA != true {
            await tokens.invalidate(token)
            return try await attempt(call, method: method, url: url, resends: resends + 1, mayRenewToken: false)
        }
        throw refusal(answer, call: call, token: token)
    }

    nonisolated(nonsending) private func token(for call: PayoutCall) async throws -> AccessToken {
        do {
            return try await tokens.token()
        } catch let failure as AuthenticationFailure {
            throw PayoutAPIError(
                reason: .authentication(failure),
                call: call,
                httpStatus: failure.httpStatus,
                retryAfter: failure.retryAfter
            )
        }
    }

    /// Sends one request through the gate.
    nonisolated(nonsending) private func exchange(
        _ call: PayoutCall,
        method: HTTPMethod,
        url: String,
        token: AccessToken,
        resends: Int
    ) async throws -> HTTPAnswer {
        try await gate?.enter(call)
        do {
            let answer = try await telemetry.send(
                request(for: call, method: method, url: url, token: token),
                over: transport,
                route: call.route,
                resends: resends,
                clock: environment.clock
            )
            answered(call, answer)
            return answer
        } catch {
            throw failed(call, error)
        }
    }

    @inline(never)
    private func request(
        for call: PayoutCall,
        method: HTTPMethod,
        url: String,
        token: AccessToken
    ) -> OutgoingRequest {
        var request = OutgoingRequest(
            method: method,
            url: url,
            headers: headers(for: call, token: token),
            timeout: configuration.requestTimeout
        )
        request.isCall = true
        // The service recognizes a repeated POST by its `ms-requestid`.
        request.isIdempotent = true
        return request
    }

    @inline(never)
    private func answered(_ call: PayoutCall, _ answer: HTTPAnswer) {
        leaveGate(call, answer: answer)
        logger?.debug("Payout request answered", metadata: answerMetadata(call, answer))
    }

    /// Leaves the gate.
    ///
    /// - Returns: The error to throw.
    @inline(never)
    private func failed(_ call: PayoutCall, _ error: any Error) -> any Error {
        gate?.leave(call, outcome: .failed)
        guard let fault = error as? TransportFault else { return error }
        logger?.debug(
            "Payout request failed",
            metadata: [
                "error.type": "\(fault.failure.rawValue)", "url.template": "\(call.route.template)",
                "ms-correlationid": "\(call.correlationID.lowercaseText)",
            ]
        )
        return PayoutAPIError(reason: .transport(fault.failure), call: call, detail: fault.detail)
    }

    private func headers(for call: PayoutCall, token: AccessToken) -> HTTPHeaders {
        let correlation = call.correlationID.lowercaseText
        return [
            "authorization": token.header,
            "accept": "application/json",
            "ms-requestid": call.idempotencyID.lowercaseText,
            "ms-correlationid": correlation,
            "client-request-id": correlation,
            "user-agent": configuration.userAgent,
        ]
    }

    private func leaveGate(_ call: PayoutCall, answer: HTTPAnswer) {
        guard let gate else { return }
        if answer.status == 429 {
            let wait = retryAfter(in: answer.headers, now: environment.clock.now())
            gate.leave(call, outcome: .throttled(retryAfter: wait))
        } else {
            gate.leave(call, outcome: .answered(status: answer.status))
        }
    }

    private func answerMetadata(_ call: PayoutCall, _ answer: HTTPAnswer) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "http.request.method": "\(call.route.method)",
            "url.template": "\(call.route.template)",
            "http.response.status_code": "\(answer.status)",
            "account": "\(call.account)",
            "sent.ms-correlationid": "\(call.correlationID.lowercaseText)",
        ]
        for field in SupportHeaders(answer.headers).fields { metadata[field.name] = "\(field.value)" }
        return metadata
    }
}

extension PayoutAPIError {
    /// Whether the client's retry policy applies. A conflict is not retried: an export may be in progress for a day.
    var isRepeatedByClient: Bool {
        if case .conflict = reason { return false }
        return recovery == .retryable || recovery == .throttled
    }
}
