import Synchronization

/// Notices when the network keeps a download waiting for too long.
///
/// Time that the consumer takes does not count. Either the watch declares the download stalled or the download goes
/// on, never both: `endWait` says which.
final class StallWatch: Sendable {
    private struct State {
        var waitingSince: Duration?
        var isStalled = false
    }

    private let state = Mutex(State())
    private let timeout: Duration
    private let clock: any PayoutClock

    init(timeout: Duration, clock: any PayoutClock) {
        self.timeout = timeout
        self.clock = clock
    }

    /// The download begins to wait for the network.
    func beginWait() {
        let now = self.clock.uptime()
        self.state.withLock { $0.waitingSince = now }
    }

    /// The wait is over.
    ///
    /// - Returns: False when the download has been declared stalled meanwhile.
    func endWait() -> Bool {
        self.state.withLock { state in
            state.waitingSince = nil
            return !state.isStalled
        }
    }

    var isStalled: Bool { self.state.withLock { $0.isStalled } }

    /// Returns when the download has stalled, or when the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            let now = self.clock.uptime()
            let rest = self.state.withLock { state -> Duration? in
                guard let since = state.waitingSince else { return self.timeout }
                if now - since >= self.timeout {
                    state.isStalled = true
                    return nil
                }
                return since + self.timeout - now
            }
            guard let rest else { return }
            guard (try? await self.clock.sleep(for: rest)) != nil else { return }
        }
    }
}
