import Logging
import Primitives
import Synchronization

/// Limits repeated failures in the log: of lines with equal messages and equal reasons or errors, a few are written in
/// each interval, then the number of omitted lines.
///
/// Lines without a reason or an error, such as those of completed jobs, are never omitted.
package final class RepeatLimiter: Sendable {
    /// Lines with equal keys count as repeated.
    struct Key: Hashable, Sendable {
        var level: Logger.Level
        var label: String
        var message: String
        /// The reason or error message, without numbers and ids.
        var reason: String
    }

    /// Omitted lines.
    struct Omitted: Sendable, Equatable {
        var key: Key
        var count: Int
    }

    private struct Interval {
        var end: ContinuousClock.Instant
        var written = 0
        var omitted = 0
    }

    private struct State {
        var intervals: [Key: Interval] = [:]
        /// Lines that are written once only.
        var written: Set<String> = []
        /// When the first interval with omitted lines ends.
        var nextReport: ContinuousClock.Instant?
    }

    private let burst: Int
    private let interval: Duration
    private let state = Mutex(State())
    private static let capacity = 1_000

    /// Creates a limiter.
    ///
    /// - Parameters:
    ///   - burst: how many lines with one key are written in an interval.
    ///   - interval: how long an interval is.
    package init(burst: Int = 5, interval: Duration = .seconds(30)) {
        self.burst = burst
        self.interval = interval
    }

    /// Whether to write a line.
    func admits(_ key: Key, at now: ContinuousClock.Instant) -> Bool {
        state.withLock { state in
            var current = state.intervals[key] ?? Interval(end: now + interval)
            // An ended interval with omitted lines is kept until they are reported.
            if current.end <= now, current.omitted == 0 { current = Interval(end: now + interval) }
            defer { state.intervals[key] = current }
            guard current.written >= burst else {
                current.written += 1
                if state.intervals.count > Self.capacity { Self.sweep(&state, at: now) }
                return true
            }
            current.omitted += 1
            state.nextReport = min(state.nextReport ?? current.end, current.end)
            return false
        }
    }

    /// Whether this is the first line of that name in this process.
    func isFirst(_ name: String) -> Bool { state.withLock { $0.written.insert(name).inserted } }

    /// The lines omitted in intervals that have ended since the last call.
    func omitted(at now: ContinuousClock.Instant) -> [Omitted] {
        state.withLock { state in
            guard let next = state.nextReport, next <= now else { return [] }
            let over = state.intervals.filter { $0.value.omitted > 0 && $0.value.end <= now }
            for key in over.keys { state.intervals[key] = nil }
            state.nextReport = state.intervals.values.filter { $0.omitted > 0 }.map(\.end).min()
            return over.map { Omitted(key: $0.key, count: $0.value.omitted) }
                .sorted { $0.key.message < $1.key.message }
        }
    }

    private static func sweep(_ state: inout State, at now: ContinuousClock.Instant) {
        state.intervals = state.intervals.filter { $0.value.end > now || $0.value.omitted > 0 }
        // For so many different reasons, bounded memory matters more than the limit.
        if state.intervals.count > capacity { state.intervals = [:] }
    }
}

extension RepeatLimiter.Key {
    /// The key of a line; `nil` for one that is never omitted.
    init?(_ event: LogEvent, label: String) {
        guard event.level >= .info, let reason = event.metadata?["reason"] ?? event.metadata?["error.message"] else {
            return nil
        }
        self.init(
            level: event.level,
            label: label,
            message: "\(event.message)",
            reason: Self.withoutIDs("\(reason)")
        )
    }

    /// A text without words that contain a digit: ids, times and counts differ from line to line. Long texts are
    /// truncated.
    static func withoutIDs(_ text: String) -> String {
        var text = text
        return text.withUTF8 { utf8 in
            var kept: [UInt8] = []
            kept.reserveCapacity(min(utf8.count, longestReason))
            var start = 0
            var hasDigit = false
            for index in 0...utf8.count {
                if index < utf8.count, isWordByte(utf8[index]) {
                    hasDigit = hasDigit || UInt8(ascii: "0")...UInt8(ascii: "9") ~= utf8[index]
                    continue
                }
                if start < index, !hasDigit {
                    if !kept.isEmpty { kept.append(UInt8(ascii: " ")) }
                    kept.append(contentsOf: utf8[start..<index])
                    if kept.count >= longestReason { break }
                }
                (start, hasDigit) = (index + 1, false)
            }
            return String(decoding: kept, as: UTF8.self)
        }
    }

    private static let longestReason = 512

    /// Letters, digits, hyphens, and characters outside ASCII.
    private static func isWordByte(_ byte: UInt8) -> Bool {
        byte.isASCIIAlphanumeric || byte == UInt8(ascii: "-") || byte >= 0x80
    }
}
