/// A time on the wall clock, in milliseconds since 1970-01-01T00:00:00Z.
///
/// The core has no clock: time arrives with each event. Eight bytes, because a million jobs
/// carry several of them.
public struct Instant: Hashable, Comparable, Sendable {
    /// Milliseconds since the Unix epoch.
    public var milliseconds: Int64

    /// Creates a time from milliseconds since the Unix epoch.
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Later than every time that a job can give: "never".
    public static let distantFuture = Instant(milliseconds: .max)

    /// The time that lies `duration` later; stops at the ends of the range instead of overflowing.
    public func advanced(by duration: Duration) -> Instant {
        let (sum, overflow) = milliseconds.addingReportingOverflow(duration.wholeMilliseconds)
        guard !overflow else { return duration < .zero ? Instant(milliseconds: .min) : .distantFuture }
        return Instant(milliseconds: sum)
    }

    /// How much later `other` is; negative when it is earlier.
    public func duration(to other: Instant) -> Duration {
        let (difference, overflow) = other.milliseconds.subtractingReportingOverflow(milliseconds)
        guard !overflow else { return .milliseconds(other < self ? Int64.min : Int64.max) }
        return .milliseconds(difference)
    }

    /// Orders times by their milliseconds.
    public static func < (left: Instant, right: Instant) -> Bool { left.milliseconds < right.milliseconds }
}

extension Duration {
    /// The duration in milliseconds, rounded towards zero and bounded by what an `Int64` holds.
    public var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, carried) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        guard !carried else { return seconds < 0 ? .min : .max }
        return sum
    }
}

extension Int64 {
    /// The sum; the largest number where it cannot be represented.
    func saturatingAdding(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
}
