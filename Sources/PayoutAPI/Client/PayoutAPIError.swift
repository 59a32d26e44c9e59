/// What a caller does about an error.
public enum Recovery: String, Sendable, Hashable, CaseIterable {
    /// Passing: repeat with back-off, with the same idempotency id.
    case retryable
    /// It would fail again however often it is repeated.
    case permanentForJob
    /// Every call of this account would fail until its credentials change or someone acts.
    case permanentForAccount
    /// Too many requests: wait, and slow down every call of this type for this account.
    case throttled
}

/// A call of the Payout API that did not succeed.
public struct PayoutAPIError: Error, Sendable {
    /// What went wrong. More may be added.
    public enum Reason: Sendable {
        /// The request is malformed, for example its filter: 400 and other statuses that blame the caller.
        case rejected
        /// The token was refused, and a fresh one too: 401.
        case unauthorized
        /// The account is known but not allowed to do this: 403.
        case forbidden
        /// There is no such export, or no longer: 404, 410.
        case notFound
        /// The export cannot be deleted yet because it is being made; or a change got in the way: 400 or 409 to a
        /// DELETE, 409 or 412 otherwise.
        case conflict
        /// Too many requests of this type: 429.
        case throttled
        /// The service is out of order for the moment: 408, 5xx.
        case unavailable
        /// There was no answer. The service may have done what was asked of it.
        case transport(TransportFailure)
        /// The answer cannot be understood; the text says why.
        case protocolViolation(String)
        /// There is no token to call with.
        case authentication(AuthenticationFailure)
    }

    /// What went wrong.
    public let reason: Reason
    /// The call that failed.
    public let call: PayoutCall
    /// The answer's status; nil where there was no answer.
    public let httpStatus: Int?
    /// How long the service asks to wait.
    public let retryAfter: Duration?
    /// What the service said about it.
    public let service: ServiceError?
    /// What the service's support finds the request by.
    public let support: SupportHeaders
    /// How the connection failed, in words.
    let detail: String?

    init(
        reason: Reason,
        call: PayoutCall,
        httpStatus: Int? = nil,
        retryAfter: Duration? = nil,
        service: ServiceError? = nil,
        support: SupportHeaders = SupportHeaders(),
        detail: String? = nil
    ) {
        self.reason = reason
        self.call = call
        self.httpStatus = httpStatus
        self.retryAfter = retryAfter
        self.service = service
        self.support = support
        self.detail = detail
    }

    /// What to do about it.
    public var recovery: Recovery {
        switch self.reason {
        case .rejected, .forbidden, .notFound: .permanentForJob
        case .unauthorized: .permanentForAccount
        case .throttled: .throttled
        case .conflict, .unavailable, .protocolViolation: .retryable
        case .transport(.unsendable): .permanentForAccount
        case .transport: .retryable
        case .authentication(let failure): failure.recovery
        }
    }

    /// A short, stable name of the reason, for metrics and logs.
    public var code: String {
        switch self.reason {
        case .rejected: "rejected"
        case .unauthorized: "unauthorized"
        case .forbidden: "forbidden"
        case .notFound: "notFound"
        case .conflict: "conflict"
        case .throttled: "throttled"
        case .unavailable: "unavailable"
        case .transport(let failure): "transport.\(failure.rawValue)"
        case .protocolViolation: "protocolViolation"
        case .authentication(let failure): "authentication.\(failure.reason.code)"
        }
    }
}

extension PayoutAPIError: CustomStringConvertible {
    /// What happened, to what, and what to do. Holds no secrets.
    public var description: String {
        var text = "Could not \(self.call): \(self.cause)"
        if let httpStatus { text += " (HTTP \(httpStatus)" + (self.service?.code.map { " \($0)" } ?? "") + ")" }
        text += "."
        if let service, !service.innerCodes.isEmpty {
            text += " Inner codes: \(service.innerCodes.joined(separator: ", "))."
        }
        if let message = self.service?.message {
            text += " The service says: \(message)" + (message.hasSuffix(".") ? "" : ".")
        }
        if let target = self.service?.target { text += " It names: \(target)." }
        text += " \(self.remedy)"
        if !self.support.fields.isEmpty { text += " [\(self.support)]" }
        return text
    }

    private var cause: String {
        switch self.reason {
        case .rejected: self.detail ?? "the service rejected the request"
        case .unauthorized: "the service refused the access token, and a fresh one too"
        case .forbidden: "the account is not allowed to"
        case .notFound: "there is no such export"
        case .conflict:
            self.call.operation == .delete ? "the export cannot be deleted yet" : "the service reports a conflict"
        case .throttled: "the service asks for fewer requests of this type"
        case .unavailable: "the service is not available"
        case .transport: self.detail ?? "there was no answer"
        case .protocolViolation(let problem): problem
        case .authentication(let failure): failure.cause
        }
    }

    private var remedy: String {
        switch self.reason {
        case .rejected: "Correct the filter or the request; it would be rejected again as it is."
        case .unauthorized: "Check the account's credentials and that they belong to a partner of this service."
        case .forbidden: "Give the account's user a role that may export payouts in Partner Center."
        case .notFound: "It may have been deleted in Partner Center; create a new export."
        case .conflict: "Try again later, when the export is done."
        case .throttled:
            "Wait \(self.retryAfter.map { "\(Int($0.inSeconds.rounded(.up))) s" } ?? "a while") and send fewer requests."
        case .unavailable: "Try again later with the same idempotency id."
        case .transport(.unsendable): "Check the base URL and the secrets for stray characters."
        case .transport(.shutDown): "Keep the transport open as long as calls are made."
        case .transport: "Try again with the same idempotency id: the service may have done what was asked."
        case .protocolViolation: "Try again; if it stays so, check that the base URL leads to the Payout API."
        case .authentication(let failure): failure.remedy
        }
    }
}
