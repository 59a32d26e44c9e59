import Foundation
import Synchronization

@testable import PayoutAPI

/// A clock that stands still until it is moved. Whoever sleeps is woken by moving it far enough.
final class ManualClock: PayoutClock {
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

    func now() -> Date { Date(timeIntervalSince1970: 1_800_000_000 + self.uptime().inSeconds) }
    func uptime() -> Duration { self.state.withLock { $0.elapsed } }

    func sleep(for duration: Duration) async throws {
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

    func advance(by duration: Duration) {
        let woken = self.state.withLock { state in
            state.elapsed += duration
            let woken = state.sleepers.filter { $0.value.until <= state.elapsed }
            for id in woken.keys { state.sleepers[id] = nil }
            return woken.values.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    /// Whether someone sleeps.
    var hasSleepers: Bool { self.state.withLock { !$0.sleepers.isEmpty } }
}
