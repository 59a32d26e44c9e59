import ExportCore
import Foundation
import Synchronization

/// The engine's one queue: events from every thread in, batches of them out, to one owner.
///
/// A condition on a thread of its own instead of an `AsyncStream`: events come hundreds of
/// thousands a second, and are taken a whole batch at a time.
final class EventQueue: @unchecked Sendable {
    // Sound because every access to the fields below holds the condition's lock, but for one that is the owner's.
    private let condition = NSCondition()
    private var events: [WorkerMessage] = []
    private var isClosed = false
    /// Batches of restored records among the events.
    private var restored = 0
    private var restorers: [CheckedContinuation<Void, Never>] = []

    /// Records are decoded on several threads and taken in by one; a decoded record is several times what the table makes
    /// of it.
    private static let restoredAtMost = 4

    /// Only the owner's.
    private var lastTaken = ContinuousClock.now - .seconds(1)
    private static let shortestTurn: Duration = .milliseconds(1)

    /// After ``close()`` nothing is taken any more; a question is then answered with "nobody".
    func post(_ event: WorkerMessage) {
        condition.lock()
        guard !isClosed else { return condition.unlock() }
        if case .event(.restored) = event { restored += 1 }
        events.append(event)
        // Only the first of a batch finds the owner asleep.
        if events.count == 1 { condition.signal() }
        condition.unlock()
    }

    func close() {
        condition.lock()
        isClosed = true
        let (rest, waiting) = (events, restorers)
        (events, restorers) = ([], [])
        condition.signal()
        condition.unlock()
        for restorer in waiting { restorer.resume() }
        // Let go outside the lock: questions are answered as they go.
        _ = consume rest
    }

    /// Waits for events, `milliseconds` at the most. `nil` once the queue is closed.
    func take(waitingAtMost milliseconds: Int64) -> [WorkerMessage]? {
        letEventsGather()
        condition.lock()
        let limit = Date(timeIntervalSinceNow: Double(milliseconds) / 1_000)
        while events.isEmpty, !isClosed {
            guard condition.wait(until: limit) else { break }
        }
        guard !isClosed else {
            condition.unlock()
            return nil
        }
        var taken: [WorkerMessage] = []
        taken.reserveCapacity(64)
        swap(&taken, &events)
        let waiting = restorers
        (restored, restorers) = (0, [])
        condition.unlock()
        for restorer in waiting { restorer.resume() }
        lastTaken = .now
        return taken
    }

    /// A thousand turns a second are enough. Without a pause the owner is woken for every answer when many come, and so is
    /// whoever carries out what it decides: switches of threads that cost more than the turn does. What comes first
    /// after a quiet moment does not wait.
    private func letEventsGather() {
        let rest = Self.shortestTurn - (ContinuousClock.now - lastTaken)
        if rest > .zero { Thread.sleep(forTimeInterval: Double(rest.components.attoseconds) / 1e18) }
    }

    /// Restores that wait for room.
    var waitingRestores: Int {
        condition.lock()
        defer { condition.unlock() }
        return restorers.count
    }

    /// Waits while a few batches of restored records stand in the queue already.
    func roomForRestored() async {
        await withCheckedContinuation { continuation in
            condition.lock()
            let isFull = !isClosed && restored >= Self.restoredAtMost
            if isFull { restorers.append(continuation) }
            condition.unlock()
            if !isFull { continuation.resume() }
        }
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
