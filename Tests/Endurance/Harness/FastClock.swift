public import struct Foundation.Date
public import PayoutAPI

/// A clock by which waits take a fraction of their time. A back-off of minutes is over in a moment, and is still waited
/// for as often as in earnest.
public struct FastClock: PayoutClock {
    private static let start = ContinuousClock.now
    private let factor: Int

    /// - Parameter factor: How many seconds of this clock go by in one.
    public init(factor: Int) { self.factor = factor }

    /// The time of day, which is the machine's: servers compare their own with it.
    public func now() -> Date { Date() }

    /// Time since the first clock was asked, sped up.
    public func uptime() -> Duration { Self.start.duration(to: .now) * self.factor }

    /// Waits for the fraction.
    public func sleep(for duration: Duration) async throws {
        try await ContinuousClock().sleep(for: duration / self.factor)
    }
}
