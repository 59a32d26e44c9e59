import Primitives

/// How often and how long ``PayoutClient/updates(of:polling:correlationID:)`` and
/// ``PayoutClient/waitUntilCompleted(_:polling:correlationID:)`` get an export.
public struct ExportPolling: Sendable, Hashable {
    /// The first wait between two polls, at least a second; it doubles with each poll.
    public var firstWait: Duration
    /// The longest wait between two polls, at least a second, where the service does not ask for a longer one.
    public var longestWait: Duration
    /// The time after which an export that is not completed is an error; the error is thrown earlier where the service asks for a
    /// wait beyond it. A request in flight at that time is completed. The service needs up to 24 hours.
    public var timeout: Duration
    /// The most transient failures in a row before the error is thrown; each has been retried by the client's own policy.
    public var maximumFailures: Int

    /// Makes the settings.
    public init(
        firstWait: Duration = .seconds(5),
        longestWait: Duration = .seconds(300),
        timeout: Duration = .seconds(26 * 3_600),
        maximumFailures: Int = 12
    ) {
        self.firstWait = firstWait
        self.longestWait = longestWait
        self.timeout = timeout
        self.maximumFailures = maximumFailures
    }

    /// The wait after so many polls, up to a tenth shorter: callers that begin together do not stay together.
    func wait(after polls: Int, random: Double) -> Duration {
        let least = Duration.seconds(1)
        let bound = BackOff(base: max(firstWait, least), maximum: max(longestWait, least)).bound(after: polls)
        return max(bound * (1 - random / 10), least)
    }
}
