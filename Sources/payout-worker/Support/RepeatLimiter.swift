import Logging
import Synchronization

/// Keeps a failure that comes a thousand times from filling the log: of lines with the same message and the same
/// reason a few are written in each stretch of time, and then how many were left out.
///
/// Lines without a reason or an error, such as that of each job's end, are never left out.
final class RepeatLimiter: Sendable {
    /// What makes two lines the same.
    struct Key: Hashable, Sendable {
        var level: Logger.Level
        var label: String
        var message: String
        /// Without numbers and ids.
        var reason: String
    }

    /// Lines that were left out.
    struct LeftOut: Sendable, Equatable {
        var key: Key
        var count: Int
    }

    private struct Stretch {
        var end: ContinuousClock.Instant
        var written = 0
        var leftOut = 0
    }

    private struct State {
        var stretches: [Key: Stretch] = [:]
        /// What is said once only.
        var said: Set<String> = []
        /// When the first stretch ends of which something was left out.
        var nextReport: ContinuousClock.Instant?
    }

    /// Lines of a kind that are written in a stretch.
    private let burst: Int
    private let stretch: Duration
    private let state = Mutex(State())
    private static let capacity = 1_000

    init(burst: Int = 5, stretch: Duration = .seconds(30)) {
        self.burst = burst
        self.stretch = stretch
    }

    /// Whether a line is to be written.
    func admits(_ key: Key, at now: ContinuousClock.Instant) -> Bool {
        state.withLock { state in
            var current = state.stretches[key] ?? Stretch(end: now + stretch)
            // One that has ended and of which something was left out waits for its report.
            if current.end <= now, current.leftOut == 0 { current = Stretch(end: now + stretch) }
            defer { state.stretches[key] = current }
            guard current.written >= burst else {
                current.written += 1
                if state.stretches.count > Self.capacity { Self.sweep(&state, at: now) }
                return true
            }
            current.leftOut += 1
            state.nextReport = min(state.nextReport ?? current.end, current.end)
            return false
        }
    }

    /// Whether this is said for the first time in this process.
    func isFirst(_ name: String) -> Bool { state.withLock { $0.said.insert(name).inserted } }

    /// What was left out in the stretches that have ended since this was last asked.
    func leftOut(at now: ContinuousClock.Instant) -> [LeftOut] {
        state.withLock { state in
            guard let next = state.nextReport, next <= now else { return [] }
            let over = state.stretches.filter { $0.value.leftOut > 0 && $0.value.end <= now }
            for key in over.keys { state.stretches[key] = nil }
            state.nextReport = state.stretches.values.filter { $0.leftOut > 0 }.map(\.end).min()
            return over.map { LeftOut(key: $0.key, count: $0.value.leftOut) }
                .sorted { $0.key.message < $1.key.message }
        }
    }

    private static func sweep(_ state: inout State, at now: ContinuousClock.Instant) {
        state.stretches = state.stretches.filter { $0.value.end > now || $0.value.leftOut > 0 }
        // So many different reasons at once: better all of them than a memory without end.
        if state.stretches.count > capacity { state.stretches = [:] }
    }
}

extension RepeatLimiter.Key {
    /// The key of a line; `nil` for one that is never left out.
    init?(_ event: LogEvent, label: String) {
        guard event.level >= .info, let reason = event.metadata?["reason"] ?? event.metadata?["error"] else {
            return nil
        }
        self.init(
            level: event.level,
            label: label,
            message: "\(event.message)",
            reason: Self.withoutIDs("\(reason)")
        )
    }

    /// A text without the words that have a digit in them: ids, times and counts differ from line to line.
    static func withoutIDs(_ text: String) -> String {
        text.split { !($0.isLetter || $0.isNumber || $0 == "-") }.filter { !$0.contains(where: \.isNumber) }
            .joined(separator: " ")
    }
}
