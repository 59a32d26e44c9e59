import Dispatch
import Foundation
import Synchronization

/// Runs a body until it returns or somebody interrupts the command: SIGINT and SIGTERM cancel the body's task.
/// A second signal ends the process at once.
///
/// - Returns: whether it was interrupted.
@discardableResult
func untilInterrupted(_ body: @escaping @Sendable () async throws -> Void) async throws -> Bool {
    let task = Task { try await body() }
    let wasInterrupted = Mutex(false)
    let queue = DispatchQueue(label: "interruption")
    let sources = [SIGTERM, SIGINT].map { number in
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
        source.setEventHandler { @Sendable in
            let isSecond = wasInterrupted.withLock { flag in
                defer { flag = true }
                return flag
            }
            if isSecond { exit(1) }
            task.cancel()
        }
        source.resume()
        return source
    }
    defer {
        for source in sources { source.cancel() }
        for number in [SIGTERM, SIGINT] { signal(number, SIG_DFL) }
    }
    do {
        try await task.value
    } catch is CancellationError where wasInterrupted.withLock({ $0 }) {
        return true
    }
    return wasInterrupted.withLock { $0 }
}
