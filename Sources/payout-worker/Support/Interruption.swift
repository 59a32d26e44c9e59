import Foundation
import UnixSignals

/// Runs a body until it returns or the command is interrupted: SIGINT and SIGTERM cancel the body's task. A second signal
/// ends the process at once.
///
/// - Returns: whether it was interrupted.
@discardableResult
func untilInterrupted(_ body: @escaping @Sendable () async throws -> Void) async throws -> Bool {
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
    defer { for number in [SIGTERM, SIGINT] { signal(number, SIG_DFL) } }
    // Not a child task: a signal must cancel the body alone, while the group continues to wait for a second signal.
    let task = Task { try await body() }
    return try await withThrowingDiscardingTaskGroup { group in
        group.addTask {
            for await _ in signals {
                if task.isCancelled { exit(1) }
                task.cancel()
            }
        }
        defer { group.cancelAll() }
        do {
            try await task.value
        } catch is CancellationError where task.isCancelled {}
        return task.isCancelled
    }
}
