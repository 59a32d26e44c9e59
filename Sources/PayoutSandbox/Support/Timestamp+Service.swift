import Primitives

// Nanoseconds since the Unix epoch, in which the sandbox's clocks count.
extension Timestamp {
    static let nanosecondsPerSecond: Int64 = 1_000_000_000

    init(nanoseconds: Int64) {
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: Self.nanosecondsPerSecond)
        self.init(
            seconds: rest < 0 ? seconds - 1 : seconds,
            nanoseconds: rest < 0 ? rest + Self.nanosecondsPerSecond : rest
        )
    }

    var nanosecondsSinceEpoch: Int64 { seconds &* Self.nanosecondsPerSecond &+ nanoseconds }

    static func + (left: Self, nanoseconds: Int64) -> Self {
        Self(nanoseconds: left.nanosecondsSinceEpoch &+ nanoseconds)
    }

    /// `2023-05-25T21:20:46Z`.
    var secondsText: String { rfc3339(fractionDigits: 0) }

    /// `2023-05-25T21:20:46.3727561Z`: the service's form.
    var serviceText: String { rfc3339(fractionDigits: 7) }
}
