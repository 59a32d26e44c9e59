import Dispatch
import Foundation
import Logging
import Synchronization
import WorkerRuntime

/// Turns SIGTERM and SIGINT into the steps of a stop. A second signal ends the process at once.
final class SignalWatch: Sendable {
    /// Kept for the life of the process and never changed; Dispatch's sources may be used from any thread.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]
    private let first = Mutex<ContinuousClock.Instant?>(nil)
    /// A supervisor may signal the process and its group, which arrives twice and means one thing.
    private static let echo: Duration = .milliseconds(500)
    private let stop: WorkerStop
    private let timeout: Duration
    private let logger: Logger

    init(stop: WorkerStop, timeout: Duration, logger: Logger) {
        self.stop = stop
        self.timeout = timeout
        self.logger = logger
        let queue = DispatchQueue(label: "signals")
        sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: queue)
        }
        for source in sources {
            source.setEventHandler { [weak self] in self?.received() }
            source.resume()
        }
    }

    /// Whether a signal has come.
    var isStopping: Bool { first.withLock { $0 != nil } }

    func cancel() { for source in sources { source.cancel() } }

    private func received() {
        let now = ContinuousClock.now
        let earlier = first.withLock { first in
            defer { first = first ?? now }
            return first
        }
        if let earlier {
            guard now - earlier > Self.echo else { return }
            logger.warning("Second signal; ending at once. What is not committed is done again by another worker")
            exit(1)
        }
        logger.notice("Stopping; jobs are handed over", metadata: ["timeout": "\(timeout)"])
        stop(.graceful)
        // Most of the time for calls under way, the rest for the last commit and leaving the group.
        Task { [stop, timeout] in
            try? await Task.sleep(for: timeout * 0.6)
            stop(.abandonCalls)
            try? await Task.sleep(for: timeout * 0.1)
            stop(.now)
            try? await Task.sleep(for: timeout * 0.3)
            logger.error("The stop took longer than WORKER_SHUTDOWN_TIMEOUT; ending without the last commit")
            exit(1)
        }
    }
}
