public import EntraIdentity
public import HTTPAccess
import Primitives

/// The error of a failed call of the Payout API, thrown by ``PayoutClient``.
public struct PayoutAPIError: Error, Sendable {
    /// Why the call failed. More cases may be added.
    public enum Reason: Sendable {
        /// The request is invalid, for example its filter: 400 and other 4xx statuses.
        case rejected
        /// The token was refused, and so was a new one: 401.
        case unauthorized
        /// The token was obtained without multi-factor authentication: 401 with code 900421. Another token from the same
        /// refresh token would be refused too; only a new sign-in helps.
        case mfaRequired
        /// The account is known but not allowed to do this: 403.
        case forbidden
        /// The export does not exist, or not any more: 404, 410.
        case notFound
        /// The export cannot be deleted yet because it is in progress, or the service reports a conflict: 400 or 409 to a
        /// DELETE, 409 or 412 otherwise.
        case conflict
        /// Too many requests of this type: 429.
        case throttled
        /// The service is temporarily unavailable: 408, 5xx.
        case unavailable
        /// There was no answer. The service may have handled the request.
        case transport(TransportFailure)
        /// The answer is invalid; the text is the cause.
        case protocolViolation(String)
        /// No access token could be obtained.
        case authentication(AuthenticationFailure)
    }

    /// Why the call failed.
    public let reason: Reason
    /// The call that failed.
    public let call: PayoutCall
    /// The answer's status; nil where there was no answer.
    public let httpStatus: Int?
    /// The wait that the service asks for.
    public let retryAfter: Duration?
    /// The error in the answer's body.
    public let service: ServiceError?
    /// The headers by which the service's support finds the request.
    public let support: SupportHeaders
    /// The cause, as a clause, where the reason's own is not specific enough: for example how the connection failed.
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

    /// How the caller handles the error.
    public var recovery: Recovery {
        switch self.reason {
        case .rejected, .forbidden, .notFound: .permanentForJob
        case .unauthorized, .mfaRequired: .permanentForAccount
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
        case .mfaRequired: "mfaRequired"
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
    /// What failed, for which export and account, why, and what to do. Holds no secrets.
    public var description: String {
        var text = "Failed to \(self.call): \(self.cause)"
        if let httpStatus { text += " (HTTP \(httpStatus)" + (self.service?.code.map { " \($0)" } ?? "") + ")" }
        text += "."
        if let service, !service.innerCodes.isEmpty {
            text += " Inner codes: \(service.innerCodes.joined(separator: ", "))."
        }
        if let message = self.service?.message {
            text += " Service message: \(message)" + (message.hasSuffix(".") ? "" : ".")
        }
        if let target = self.service?.target { text += " Target: \(target)." }
        text += " \(self.remedy)"
        if !self.support.fields.isEmpty { text += " [\(self.support)]" }
        return text
    }

    private var cause: String {
        switch self.reason {
        case .rejected: self.detail ?? "the service rejected the request"
        case .unauthorized: "the service refused the access token, and a new one as well"
        case .mfaRequired:
            "the service demands a sign-in with multi-factor authentication, code \(ServiceError.mfaCode)"
        case .forbidden: "the account is not permitted to do this"
        case .notFound: "the export does not exist"
        case .conflict:
            self.call.operation == .delete ? "the export cannot be deleted yet" : "the service reports a conflict"
        case .throttled: "the service throttles requests of this type"
        case .unavailable: "the service is unavailable"
        case .transport: self.detail ?? "there was no answer"
        case .protocolViolation(let problem): problem
        case .authentication(let failure): failure.cause
        }
    }

    private var remedy: String {
        switch self.reason {
        case .rejected: "Correct the filter or the request; the service would reject it again unchanged."
        case .unauthorized: "Check the account's credentials and that they belong to a partner of this service."
        case .mfaRequired: AuthenticationFailure.Reason.signInRemedy
        case .forbidden: "Give the account's user a role that may export payouts in Partner Center."
        case .notFound: "It may have been deleted in Partner Center; create a new export."
        case .conflict: "Try again when the export has completed."
        case .throttled:
            "Wait \(self.retryAfter.map { "\(Int($0.inSeconds.rounded(.up))) s" } ?? "a while") and send fewer requests."
        case .unavailable: "Try again later with the same idempotency id."
        case .transport(.unsendable): "Check the base URL and the secrets for stray characters."
        case .transport(.shutDown): "Keep the transport open as long as calls are made."
        case .transport: "Try again with the same idempotency id: the service may have handled the request."
        case .protocolViolation: "Try again; if the error persists, check that the base URL is that of the Payout API."
        case .authentication(let failure): failure.remedy
        }
    }
}
