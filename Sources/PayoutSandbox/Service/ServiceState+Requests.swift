import HTTPTypes
import Primitives

extension ServiceState {
    /// The account whose bearer token a request carries.
    mutating func authenticatedAccount(of request: ServiceRequest, at now: Timestamp) throws -> UInt16 {
        guard let value = request.fields[.authorization], value.utf8.count > 7,
            value.prefix(7).lowercased() == "bearer ",
            let grant = tokens.grant(ofAccessToken: String(value.dropFirst(7)), at: now)
        else { throw ServiceError.unauthenticated }
        guard isKnown(resource: grant.audience[...]) else { throw ServiceError.wrongAudience }
        if demandsMFA(of: grant) {
            stats.mfaRefused += 1
            throw ServiceError.mfaRequired(configuration.mfa.body)
        }
        return grant.account
    }

    /// Whether this call is among those at which multi-factor authentication is enforced. Applications alone are exempt.
    private mutating func demandsMFA(of grant: TokenStore.Grant) -> Bool {
        guard !grant.isApplication, !grant.hasMFA else { return false }
        switch configuration.mfa.enforcement {
        case .off: return false
        case .on: return true
        case .share(let share): return random.unit() < share
        }
    }

    /// The refusal of a call that exceeds the rate limit; nil for one within it.
    mutating func rateLimitReply(_ call: Call, account: UInt16, at now: Timestamp) -> ServiceReply? {
        guard let limit = configuration.rateLimit,
            let wait = limiter.take(call, account: account, limit: limit, at: now)
        else { return nil }
        stats.rateLimited += 1
        var reply = ServiceError(429, "tooManyRequests", "Too many requests of this type.").reply()
        if let form = limit.retryAfter {
            let seconds = max(form.secondsFromNow, Int(wait.rounded(.up)))
            reply.fields[.retryAfter] = form.replacingSeconds(seconds).value(at: now)
        }
        return reply
    }

    /// An identifier from a header; nil when there is none. It has to be a GUID.
    func guid(_ name: HTTPField.Name, of request: ServiceRequest) throws -> GUID? {
        guard let text = request.fields[name] else { return nil }
        guard let guid = GUID(text) else {
            throw ServiceError.invalidRequest("The header is no GUID.", target: name.canonicalName)
        }
        return guid
    }

    /// Adds the headers that tie an answer to the service's logs.
    mutating func addDiagnostics(of request: ServiceRequest, to reply: inout ServiceReply, at now: Timestamp) {
        reply.fields[.requestID] = GUID(using: &random).text
        if let id = request.fields[.msRequestID] { reply.fields[.msRequestID] = id }
        if let id = request.fields[.msCorrelationID] { reply.fields[.msCorrelationID] = id }
        reply.fields[.timestamp] = now.serviceText
    }
}
