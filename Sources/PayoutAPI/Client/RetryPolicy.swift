/// How often and when a call is repeated by the client itself.
public struct RetryPolicy: Sendable, Hashable {
    /// How often a call is sent at most; 1 for never again.
    public var maximumAttempts: Int
    /// The bound of the first wait; it doubles with each attempt.
    public var baseDelay: Duration
    /// The bound that the bounds of later waits grow to.
    public var maximumDelay: Duration
    /// The time within which the last attempt begins, counted from the first. A wait that would end later is not
    /// begun: the error is thrown at once.
    public var deadline: Duration

    /// Makes a policy.
    public init(maximumAttempts: Int, baseDelay: Duration, maximumDelay: Duration, deadline: Duration) {
        self.maximumAttempts = maximumAttempts
        self.baseDelay = baseDelay
        self.maximumDelay = maximumDelay
        self.deadline = deadline
    }

    /// No repeats but the one after a 401, with a fresh token. For callers that do their own scheduling.
    public static let none = RetryPolicy(
        maximumAttempts: 1,
        baseDelay: .zero,
        maximumDelay: .zero,
        deadline: .zero
    )

    /// Six attempts within five minutes, waits of up to 0.5 s, 1 s, 2 s … 30 s at random.
    public static let standard = RetryPolicy(
        maximumAttempts: 6,
        baseDelay: .milliseconds(500),
        maximumDelay: .seconds(30),
        deadline: .seconds(300)
    )

    /// The wait before the next attempt: full jitter under a doubling bound, but never less than the service asks.
    ///
    /// - Parameters:
    ///   - attempt: The attempt that failed; the first is 1.
    ///   - retryAfter: What the service asks for.
    ///   - random: From 0 up to 1.
    func delay(after attempt: Int, retryAfter: Duration?, random: Double) -> Duration {
        let doublings = min(max(attempt - 1, 0), 30)
        let bound = min(self.maximumDelay, self.baseDelay * (1 << doublings))
        let jittered = bound * min(max(random, 0), 1)
        guard let retryAfter else { return jittered }
        // Whoever was told the same time to wait must not come back at the same moment.
        return retryAfter + min(jittered, retryAfter / 4)
    }
}
