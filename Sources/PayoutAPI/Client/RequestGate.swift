/// How one request of a call ended, for a gate that adapts to it.
public enum RequestOutcome: Sendable, Hashable {
    /// The service answered with this status, which is not 429.
    case answered(status: Int)
    /// The service asked for fewer requests of this type.
    case throttled(retryAfter: Duration?)
    /// There was no answer.
    case failed
}

/// A caller's say in when requests go out: concurrency and rate limits.
///
/// `enter` is called before every request, repeats included, and `leave` after each for which `enter` returned.
public protocol RequestGate: Sendable {
    /// Waits until the request may go out. What it throws, the call throws.
    func enter(_ call: PayoutCall) async throws
    /// Says how the request ended.
    func leave(_ call: PayoutCall, outcome: RequestOutcome)
}
