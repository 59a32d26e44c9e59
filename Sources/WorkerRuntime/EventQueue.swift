import ExportCore
import Foundation
import Synchronization

/// The engine's one queue: events from every thread in, batches of them out, to one owner.
///
/// A condition on a thread of its own instead of an `AsyncStream`: events come hundreds of
/// thousands a second, and are taken a whole batch at a time.
final class EventQueue: @unchecked Sendable {
    // Sound because every access to the fields below holds the condition's lock.
    private let condition = NSCondition()
    private var events: [WorkerMessage] = []
    private var isClosed = false

    /// After ``close()`` nothing is taken any more; a question is then answered with "nobody".
    func post(_ event: WorkerMessage) {
        condition.lock()
        guard !isClosed else { return condition.unlock() }
        events.append(event)
        // Only the first of a batch finds the owner asleep.
        if events.count == 1 { condition.signal() }
        condition.unlock()
    }

    func close() {
        condition.lock()
        isClosed = true
        let rest = events
        events = []
        condition.signal()
        condition.unlock()
        // Let go outside the lock: questions are answered as they go.
        _ = consume rest
    }

    /// Waits for events, `milliseconds` at the most. `nil` once the queue is closed.
    func take(waitingAtMost milliseconds: Int64) -> [WorkerMessage]? {
        condition.lock()
        defer { condition.unlock() }
        let limit = Date(timeIntervalSinceNow: Double(milliseconds) / 1_000)
        while events.isEmpty, !isClosed {
            guard condition.wait(until: limit) else { break }
        }
        guard !isClosed else { return nil }
        var taken: [WorkerMessage] = []
        taken.reserveCapacity(64)
        swap(&taken, &events)
        return taken
    }
}

/// What stands in the engine's queue.
enum WorkerMessage: Sendable {
    case event(WorkerEvent)
    case question(Answer)
    case committed(UInt64, seconds: Double)
    case commitFailed(UInt64, reason: String)
    case connection(problem: String?)
    case observation(LogObservation)
}

/// A question to the machine. It is answered exactly once, with `nil` when the loop has ended.
final class Answer: Sendable {
    private let body: Mutex<(@Sendable (WorkerMachine?) -> Void)?>

    init(_ body: @escaping @Sendable (WorkerMachine?) -> Void) { self.body = Mutex(body) }

    func give(_ machine: WorkerMachine?) {
        let body = self.body.withLock { body in
            defer { body = nil }
            return body
        }
        body?(machine)
    }

    deinit { give(nil) }
}
