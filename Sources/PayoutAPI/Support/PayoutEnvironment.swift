public import struct Foundation.Date
import NIOCore

/// Where the client takes time from. Tests hand in a clock of their own, so that none of them sleeps.
public protocol PayoutClock: Sendable {
    /// The time of day, for comparison with dates that servers send.
    func now() -> Date
    /// A clock that never jumps, counted from any point.
    func uptime() -> Duration
    /// Waits; throws `CancellationError` when the task is cancelled meanwhile.
    func sleep(for duration: Duration) async throws
}

/// The machine's own clocks.
public struct SystemPayoutClock: PayoutClock {
    private static let start = ContinuousClock.now

    /// Makes the clock.
    public init() {}

    /// The time of day.
    public func now() -> Date { Date() }

    /// Time since the clock was first asked, time asleep included.
    public func uptime() -> Duration { Self.start.duration(to: .now) }

    /// Waits on the continuous clock.
    public func sleep(for duration: Duration) async throws {
        try await ContinuousClock().sleep(for: duration)
    }
}

/// What the client does not decide itself: time and chance.
public struct PayoutEnvironment: Sendable {
    /// The clock.
    public var clock: any PayoutClock
    /// Numbers from 0 up to 1, 1 not included, for jitter.
    public var random: @Sendable () -> Double

    /// Makes an environment.
    ///
    /// - Parameters:
    ///   - clock: The clock.
    ///   - random: Numbers from 0 up to 1, 1 not included.
    public init(clock: any PayoutClock, random: @escaping @Sendable () -> Double) {
        self.clock = clock
        self.random = random
    }

    /// The machine's clocks and the system's random numbers.
    public static let system = PayoutEnvironment(
        clock: SystemPayoutClock(),
        random: { Double.random(in: 0..<1) }
    )
}

extension Duration {
    /// The duration in seconds.
    var inSeconds: Double {
        let (seconds, attoseconds) = self.components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }

    /// The duration as a time-out for NIO, whose deadlines may not overflow: at most a week.
    var asTimeout: TimeAmount {
        .nanoseconds(max(.zero, min(self, .seconds(7 * 86_400))).inNanoseconds)
    }

    /// The duration in whole nanoseconds, clamped to what fits.
    var inNanoseconds: Int64 {
        let (seconds, attoseconds) = self.components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        return product.addingReportingOverflow(attoseconds / 1_000_000_000).partialValue
    }
}
