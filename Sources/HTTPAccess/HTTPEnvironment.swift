public import struct Foundation.Date
import NIOCore
import Primitives

/// The clock of API clients, token providers and downloads. Tests replace it, so that no test sleeps.
public protocol HTTPClock: Sendable {
    /// The time of day, for comparison with dates that servers send.
    func now() -> Date
    /// The time since a fixed point, from a clock that never jumps.
    func uptime() -> Duration
    /// Waits; throws `CancellationError` when the task is cancelled.
    func sleep(for duration: Duration) async throws
}

/// The machine's own clocks.
public struct SystemHTTPClock: HTTPClock {
    private static let start = ContinuousClock.now

    /// Makes the clock.
    public init() {}

    /// The time of day.
    public func now() -> Date { Date() }

    /// The time since the first call, including time in which the machine was suspended.
    public func uptime() -> Duration { Self.start.duration(to: .now) }

    /// Waits on the continuous clock.
    public func sleep(for duration: Duration) async throws {
        try await ContinuousClock().sleep(for: duration)
    }
}

/// The sources of time and randomness of API clients, token providers and downloads.
public struct HTTPEnvironment: Sendable {
    /// The clock.
    public var clock: any HTTPClock
    /// Returns a random number from 0 up to 1, 1 not included, for jitter.
    public var random: @Sendable () -> Double

    /// Makes an environment.
    ///
    /// - Parameters:
    ///   - clock: The clock.
    ///   - random: Returns a random number from 0 up to 1, 1 not included.
    public init(clock: any HTTPClock, random: @escaping @Sendable () -> Double) {
        self.clock = clock
        self.random = random
    }

    /// The machine's clocks and the system's random numbers.
    public static let system = HTTPEnvironment(
        clock: SystemHTTPClock(),
        random: { Double.random(in: 0..<1) }
    )
}

extension Duration {
    /// The duration as a time-out for NIO, limited to a week so that deadlines do not overflow.
    var asTimeout: TimeAmount {
        .nanoseconds(max(.zero, min(self, .seconds(7 * 86_400))).inNanoseconds)
    }
}
