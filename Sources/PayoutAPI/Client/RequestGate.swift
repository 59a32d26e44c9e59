/// The outcome of one request, to which a ``RequestGate`` may adapt its limits.
public enum RequestOutcome: Sendable, Hashable {
    /// The service answered with this status, which is not 429.
    case answered(status: Int)
    /// The service throttled the request (429).
    case throttled(retryAfter: Duration?)
    /// There was no answer.
    case failed
}

/// The caller's limits of concurrency and rate, which a ``PayoutClient`` asks before each request.
///
/// `enter` is called before every request, retries included, and `leave` after each request for which `enter` returned. A
/// request counts once where the connections repeat it, because the server closed a kept connection instead of answering.
public protocol RequestGate: Sendable {
    /// Waits until the request may be sent. The call throws the error that this method throws.
    func enter(_ call: PayoutCall) async throws
    /// Reports how the request ended.
    func leave(_ call: PayoutCall, outcome: RequestOutcome)
}
