/// How a caller handles an error of an API call, a token request or a download. Errors return it as `recovery`.
public enum Recovery: String, Sendable, Hashable, CaseIterable {
    /// Transient: retry with back-off, with the same idempotency id.
    case retryable
    /// Permanent: each retry would fail as well.
    case permanentForJob
    /// Every call of this account fails until its credentials change or an operator acts.
    case permanentForAccount
    /// Too many requests: wait, and slow down every call of this type for this account.
    case throttled
}
