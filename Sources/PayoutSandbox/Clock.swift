import Foundation
import Primitives
import Synchronization

/// The natural logarithm. Defined here because only this file needs Foundation.
func logarithm(_ value: Double) -> Double {
    log(value)
}

extension PayoutSandbox {
    /// The sandbox's source of time.
    public protocol Clock: Sendable {
        /// Nanoseconds since the Unix epoch.
        var now: Int64 { get }
        /// Waits until `nanoseconds` have passed on this clock. Throws `CancellationError` when the task is cancelled.
        func sleep(nanoseconds: Int64) async throws
    }

    /// The machine's clock.
    public struct SystemClock: Clock {
        /// Creates the clock.
        public init() {}

        /// Nanoseconds since the Unix epoch.
        public var now: Int64 {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Int64(time.tv_sec) * Timestamp.nanosecondsPerSecond + Int64(time.tv_nsec)
        }

        /// Waits for the real time.
        public func sleep(nanoseconds: Int64) async throws {
            try await Task.sleep(for: .nanoseconds(nanoseconds))
        }
    }

    /// A clock that moves only by ``advance(by:)``: for tests.
    public final class ManualClock: Clock {
        private struct Sleeper {
            let deadline: Int64
            let continuation: CheckedContinuation<Void, any Error>
        }

        private struct State {
            var now: Int64
            var nextID = 0
            var sleepers: [Int: Sleeper] = [:]
        }

        private let state: Mutex<State>

        /// Starts at `secondsSinceEpoch`; the default is in November 2026.
        public init(secondsSinceEpoch: Int64 = 1_795_000_000) {
            state = Mutex(State(now: secondsSinceEpoch * Timestamp.nanosecondsPerSecond))
        }

        /// Nanoseconds since the Unix epoch.
        public var now: Int64 { state.withLock { $0.now } }

        /// How many callers wait for the clock at present.
        public var sleeperCount: Int { state.withLock { $0.sleepers.count } }

        /// Moves the clock and resumes all callers whose time has come.
        public func advance(by duration: Duration) {
            let due = state.withLock { state in
                state.now += duration.inNanoseconds
                let due = state.sleepers.filter { $0.value.deadline <= state.now }
                for id in due.keys { state.sleepers[id] = nil }
                return due.values.map(\.continuation)
            }
            for continuation in due { continuation.resume() }
        }

        /// Waits until the clock has been moved by `nanoseconds`.
        public func sleep(nanoseconds: Int64) async throws {
            guard nanoseconds > 0 else { return }
            let id = state.withLock { state in
                state.nextID += 1
                return state.nextID
            }
            try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    let cancelled = state.withLock { state in
                        // The handler below may have run before there was anything to cancel.
                        if Task.isCancelled { return true }
                        state.sleepers[id] = Sleeper(deadline: state.now + nanoseconds, continuation: continuation)
                        return false
                    }
                    if cancelled { continuation.resume(throwing: CancellationError()) }
                }
            } onCancel: {
                let sleeper = state.withLock { $0.sleepers.removeValue(forKey: id) }
                sleeper?.continuation.resume(throwing: CancellationError())
            }
        }
    }
}
