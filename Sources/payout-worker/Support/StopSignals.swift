import Foundation
import Logging
import ServiceLifecycle
import UnixSignals
import WorkerRuntime

/// Turns SIGTERM and SIGINT into the steps of a stop. A second signal ends the process at once.
///
/// A `ServiceGroup` knows only graceful shutdown and cancellation, and ignores a second signal. So the group
/// traps no signals: the stop ends the engine, and the engine's end shuts the group down.
struct StopSignals: Service {
    /// A supervisor may signal both the process and its group: two signals that mean one request.
    private static let echo: Duration = .milliseconds(500)

    private let signals: UnixSignalsSequence
    private let stop: WorkerStop
    private let timeout: Duration
    private let logger: Logger

    /// Traps the signals from now on.
    init(stop: WorkerStop, timeout: Duration, logger: Logger) async {
        signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        self.stop = stop
        self.timeout = timeout
        self.logger = logger
    }

    /// Waits for signals until graceful shutdown.
    func run() async { await cancelWhenGracefulShutdown { await listen() } }

    private func listen() async {
        await withDiscardingTaskGroup { group in
            var first: ContinuousClock.Instant?
            for await _ in signals {
                if let first {
                    guard ContinuousClock.now - first > Self.echo else { continue }
                    endAtOnce()
                }
                first = .now
                logger.notice("Stopping, releasing jobs", metadata: ["timeout": "\(timeout)"])
                stop(.graceful, deadline: .now + timeout)
                group.addTask { await hasten() }
            }
        }
    }

    private func endAtOnce() -> Never {
        logger.warning("Second signal, exiting at once without the last commit")
        exit(1)
    }

    /// Most of the time is for calls in flight, the rest for the last commit and leaving the group.
    private func hasten() async {
        guard await slept(for: timeout * 0.6) else { return }
        stop(.abandonCalls)
        guard await slept(for: timeout * 0.1) else { return }
        stop(.now)
        guard await slept(for: timeout * 0.3) else { return }
        logger.error("Stop exceeded WORKER_SHUTDOWN_TIMEOUT, exiting without the last commit")
        exit(1)
    }
}
