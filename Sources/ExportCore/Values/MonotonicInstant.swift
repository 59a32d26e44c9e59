/// A time on a clock that counts milliseconds from an arbitrary start and cannot be set. It has no meaning in another
/// process, so it is never stored.
public struct MonotonicInstant: Hashable, Comparable, Sendable {
    /// Milliseconds since the clock's start.
    public var milliseconds: Int64

    /// Creates a time from milliseconds since the clock's start.
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Later than every other time: "never".
    public static let distantFuture = MonotonicInstant(milliseconds: .max)

    /// Earlier than every time: "at once".
    static let distantPast = MonotonicInstant(milliseconds: .min)

    /// The time that lies `duration` later; stops at the ends of the range instead of overflowing.
    public func advanced(by duration: Duration) -> MonotonicInstant {
        let (sum, overflow) = milliseconds.addingReportingOverflow(duration.wholeMilliseconds)
        guard !overflow else { return duration < .zero ? .distantPast : .distantFuture }
        return MonotonicInstant(milliseconds: sum)
    }

    /// How much later `other` is; negative when it is earlier.
    public func duration(to other: MonotonicInstant) -> Duration {
        let (difference, overflow) = other.milliseconds.subtractingReportingOverflow(milliseconds)
        guard !overflow else { return .milliseconds(other < self ? Int64.min : Int64.max) }
        return .milliseconds(difference)
    }

    /// Orders times by their milliseconds.
    public static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool {
        left.milliseconds < right.milliseconds
    }
}
