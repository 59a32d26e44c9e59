public import struct Foundation.Date
public import HTTPAccess

/// A clock whose waits take a fraction of their time, so that a back-off of minutes takes less than a second.
public struct FastClock: HTTPClock {
    private static let start = ContinuousClock.now
    private let factor: Int

    /// - Parameter factor: How many seconds of this clock pass in one second.
    public init(factor: Int) { self.factor = factor }

    /// The machine's time, because servers compare it with their own.
    public func now() -> Date { Date() }

    /// The accelerated time since the first use of a clock.
    public func uptime() -> Duration { Self.start.duration(to: .now) * self.factor }

    /// Waits for the fraction.
    public func sleep(for duration: Duration) async throws {
        try await ContinuousClock().sleep(for: duration / self.factor)
    }
}
