/// A time on the wall clock, to the nanosecond. Leap seconds are not counted.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down; negative before it.
    public var seconds: Int64
    /// The nanoseconds that follow the whole second, from 0 to 999 999 999.
    public var nanoseconds: Int64

    /// - Parameters:
    ///   - seconds: Since 1970-01-01T00:00:00Z.
    ///   - nanoseconds: From 0 to 999 999 999.
    public init(seconds: Int64, nanoseconds: Int64 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// - Parameter milliseconds: Since 1970-01-01T00:00:00Z, negative before it.
    public init(milliseconds: Int64) {
        var (seconds, rest) = milliseconds.quotientAndRemainder(dividingBy: 1_000)
        if rest < 0 {
            seconds -= 1
            rest += 1_000
        }
        self.init(seconds: seconds, nanoseconds: rest * 1_000_000)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z, rounded down; clamped to what 64 bits hold.
    public var milliseconds: Int64 {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        let (sum, carried) = product.addingReportingOverflow(nanoseconds / 1_000_000)
        return overflow || carried ? (seconds < 0 ? .min : .max) : sum
    }

    /// Whether one time is before another.
    public static func < (left: Self, right: Self) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    /// The day in UTC and the second within it, from 0 to 86 399.
    public var dayAndSecond: (date: CivilDate, second: Int64) {
        let (days, second) = daysAndSecond
        return (CivilDate(daysSince1970: days), second)
    }

    /// Days since 1970-01-01 and the second of the day.
    var daysAndSecond: (days: Int, second: Int64) {
        var (days, second) = seconds.quotientAndRemainder(dividingBy: 86_400)
        if second < 0 {
            days -= 1
            second += 86_400
        }
        return (Int(days), second)
    }
}
