import Primitives

/// How often and when a ``PayoutClient`` retries a call.
public struct RetryPolicy: Sendable, Hashable {
    /// The most attempts of a call; 1 disables retries.
    public var maximumAttempts: Int
    /// The upper bound of the first wait; it doubles with each attempt.
    public var baseDelay: Duration
    /// The largest upper bound of a wait.
    public var maximumDelay: Duration
    /// The time within which the last attempt begins, counted from the first. When a wait would end later, the error is thrown
    /// at once.
    public var deadline: Duration

    /// Makes a policy.
    public init(maximumAttempts: Int, baseDelay: Duration, maximumDelay: Duration, deadline: Duration) {
        self.maximumAttempts = maximumAttempts
        self.baseDelay = baseDelay
        self.maximumDelay = maximumDelay
        self.deadline = deadline
    }

    /// No retries except the one after a 401, with a new token. For callers that schedule retries themselves.
    public static let none = RetryPolicy(
        maximumAttempts: 1,
        baseDelay: .zero,
        maximumDelay: .zero,
        deadline: .zero
    )

    /// Six attempts within five minutes, with random waits of up to 0.5 s, 1 s, 2 s … 30 s.
    public static let standard = RetryPolicy(
        maximumAttempts: 6,
        baseDelay: .milliseconds(500),
        maximumDelay: .seconds(30),
        deadline: .seconds(300)
    )

    /// The wait before the next attempt: full jitter below a doubling bound, but never less than the service asks for.
    ///
    /// - Parameters:
    ///   - attempt: The attempt that failed; the first is 1.
    ///   - retryAfter: The wait that the service asks for.
    ///   - random: From 0 up to 1.
    func delay(after attempt: Int, retryAfter: Duration?, random: Double) -> Duration {
        let backOff = BackOff(base: baseDelay, maximum: maximumDelay)
        let jittered = backOff.wait(after: attempt, jitter: .full, random: random)
        guard let retryAfter else { return jittered }
        // Jitter spreads callers that the service asked for the same wait.
        return retryAfter + min(jittered, retryAfter / 4)
    }
}
