import struct Foundation.Date
import NIOHTTP1

/// The longest wait that is believed.
private let longestRetryAfter: Duration = .seconds(24 * 3600)

/// Reads `Retry-After`: seconds, or an HTTP date, which is compared with the answer's own `Date` where there is one,
/// so that the two machines' clocks need not agree.
///
/// - Returns: Nil when the header is missing or cannot be read; never negative, never more than a day.
func retryAfter(in headers: HTTPHeaders, now: @autoclosure () -> Date) -> Duration? {
    // Azure names milliseconds in a header of its own where it means less than a second.
    if let text = headers.first(name: "retry-after-ms") ?? headers.first(name: "x-ms-retry-after-ms"),
        let milliseconds = Double(text.trimmingBlanks()), milliseconds.isFinite, milliseconds >= 0
    {
        return bounded(milliseconds / 1000)
    }
    guard let text = headers.first(name: "retry-after")?.trimmingBlanks() else { return nil }
    if let seconds = Double(text) {
        return seconds.isFinite ? bounded(seconds) : nil
    }
    guard let date = parseHTTPDate(text) ?? parseTimestamp(text) else { return nil }
    let reference = headers.first(name: "date").flatMap(parseHTTPDate) ?? now()
    return bounded(date.timeIntervalSince(reference))
}

private func bounded(_ seconds: Double) -> Duration {
    min(longestRetryAfter, .seconds(max(0, min(seconds, 1e9))))
}
