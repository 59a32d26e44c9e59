package import Foundation
import HTTPAccess
import Primitives
import Synchronization

/// A clock that stands still until a test advances it. A sleep ends when the clock has reached its end; ``TestClock``, in
/// contrast, advances by sleeping.
package final class ManualClock: HTTPClock {
    private struct Sleeper {
        var until: Duration
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var elapsed: Duration = .seconds(1000)
        var sleepers: [UInt64: Sleeper] = [:]
        var nextID: UInt64 = 0
    }

    private let state = Mutex(State())

    package init() {}

    package func now() -> Date { Date(timeIntervalSince1970: 1_800_000_000 + uptime().inSeconds) }
    package func uptime() -> Duration { self.state.withLock { $0.elapsed } }

    package func sleep(for duration: Duration) async throws {
        let id = self.state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isOver = self.state.withLock { state in
                    guard duration > .zero, !Task.isCancelled else { return true }
                    state.sleepers[id] = Sleeper(until: state.elapsed + duration, continuation: continuation)
                    return false
                }
                if isOver { continuation.resume(with: Result { try Task.checkCancellation() }) }
            }
        } onCancel: {
            let sleeper = self.state.withLock { $0.sleepers.removeValue(forKey: id) }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    package func advance(by duration: Duration) {
        let woken = self.state.withLock { state in
            state.elapsed += duration
            let woken = state.sleepers.filter { $0.value.until <= state.elapsed }
            for id in woken.keys { state.sleepers[id] = nil }
            return woken.values.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    /// Whether a task sleeps on this clock.
    package var hasSleepers: Bool { state.withLock { !$0.sleepers.isEmpty } }
}
