import Synchronization

/// Detects that a download attempt waits too long for the network, or receives its bytes too slowly. `DownloadAttempt`
/// reports its waits, and `BlobDownloader` ends the attempt when ``run()`` returns.
///
/// Time that the consumer takes does not count. Either the watch ends the attempt or the attempt continues, never both:
/// `endWait` returns which.
package final class StallWatch: Sendable {
    /// Why an attempt is ended.
    package enum Finding: Sendable {
        /// No byte arrived within the time-out.
        case stalled
        /// Too few bytes arrived within a window.
        case tooSlow
    }

    private struct State {
        var waitingSince: Duration?
        var isBody = false
        var finding: Finding?
        /// The time spent waiting for the body in this window, and the bytes received in it.
        var waited: Duration = .zero
        var received = 0
    }

    private let state = Mutex(State())
    private let timeout: Duration
    private let rate: MinimumRate
    private let clock: any HTTPClock

    package init(timeout: Duration, rate: MinimumRate, clock: any HTTPClock) {
        self.timeout = timeout
        self.rate = rate
        self.clock = clock
    }

    /// Records that the download begins to wait for the network.
    ///
    /// - Parameter isBody: Whether it waits for a file's bytes, to which the minimum rate applies.
    package func beginWait(isBody: Bool = false) {
        let now = clock.uptime()
        state.withLock {
            $0.waitingSince = now
            $0.isBody = isBody
        }
    }

    /// Records that the wait is over.
    ///
    /// - Parameter received: How many bytes arrived.
    /// - Returns: False when the watch has ended the attempt.
    package func endWait(received: Int = 0) -> Bool {
        let now = clock.uptime()
        return state.withLock { state in
            guard state.finding == nil else { return false }
            guard let since = state.waitingSince else { return true }
            state.waitingSince = nil
            guard state.isBody else { return true }
            state.waited += now - since
            state.received += received
            guard state.waited >= rate.window else { return true }
            if state.received < rate.bytes { state.finding = .tooSlow }
            state.waited = .zero
            state.received = 0
            return state.finding == nil
        }
    }

    /// Why the attempt was ended; nil when it was not.
    package var finding: Finding? { state.withLock { $0.finding } }

    /// Returns when the attempt must end, or when the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            let now = clock.uptime()
            let rest = state.withLock { self.rest(&$0, at: now) }
            guard let rest else { return }
            guard (try? await clock.sleep(for: rest)) != nil else { return }
        }
    }

    /// The time until the next check; nil when the attempt must end.
    private func rest(_ state: inout State, at now: Duration) -> Duration? {
        guard state.finding == nil else { return nil }
        guard let since = state.waitingSince else { return min(timeout, rate.window) }
        let elapsed = now - since
        var rest = timeout - elapsed
        if rest <= .zero { state.finding = .stalled }
        if state.isBody, state.received < rate.bytes {
            let left = rate.window - state.waited - elapsed
            if left <= .zero, state.finding == nil { state.finding = .tooSlow }
            rest = min(rest, left)
        }
        // Checked again within a window: the body may begin while the watch sleeps through the wait for the head.
        return state.finding == nil ? min(rest, rate.window) : nil
    }
}

/// The minimum rate of a download. Only time spent waiting for the network counts.
public struct MinimumRate: Sendable, Hashable {
    /// The least number of bytes in a window.
    public var bytes: Int
    /// The length of a window, in time spent waiting for the network.
    public var window: Duration

    /// Creates a rate; 0 bytes disable the check.
    public init(bytes: Int, window: Duration) {
        self.bytes = bytes
        self.window = window
    }
}
