package import struct Foundation.Date
package import NIOHTTP1
import Primitives

/// The upper bound of a wait that a server asks for.
private let longestRetryAfter: Duration = .seconds(24 * 3600)

/// Reads `Retry-After`: seconds, or an HTTP date, which is compared with the answer's own `Date` where there is one,
/// so that the two machines' clocks need not agree.
///
/// - Returns: Nil when the header is missing or cannot be read; never negative, never more than a day.
package func retryAfter(in headers: HTTPHeaders, now: @autoclosure () -> Date) -> Duration? {
    // Azure has headers of its own for waits below a second.
    if let text = headers.first(name: "retry-after-ms") ?? headers.first(name: "x-ms-retry-after-ms"),
        let milliseconds = Double(text.trimmingBlanks()), milliseconds.isFinite, milliseconds >= 0
    {
        return bounded(milliseconds / 1000)
    }
    guard let text = headers.first(name: "retry-after")?.trimmingBlanks() else { return nil }
    if let seconds = Double(text) {
        return seconds.isFinite ? bounded(seconds) : nil
    }
    guard let date = Timestamp(httpDate: text).map(Date.init(_:)) ?? Date(serviceText: text) else { return nil }
    let reference = headers.first(name: "date").flatMap(Timestamp.init(httpDate:)).map(Date.init(_:)) ?? now()
    return bounded(date.timeIntervalSince(reference))
}

private func bounded(_ seconds: Double) -> Duration {
    min(longestRetryAfter, .seconds(max(0, min(seconds, 1e9))))
}
