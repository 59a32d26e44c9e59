import ExportCore
import Primitives

/// The engine's one queue: every thread posts events, one owner dequeues them in batches.
///
/// It uses a condition and a thread instead of an `AsyncStream`, because hundreds of thousands of events
/// arrive a second and are dequeued in batches.
final class EventQueue: @unchecked Sendable {
    // Sound because every access to the fields below holds the condition's lock, except `lastDequeue` and `spare`, which
    // only the owner uses.
    private let condition = MonotonicCondition()
    private var events: [WorkerMessage] = []
    private var isClosed = false
    private var restorePlaces = RestorePlaces()
    /// Bytes of received records in the queue.
    private var receivedBytes = 0

    /// ``postReceived(_:bytes:waitingAtMost:)`` waits while the received records in the queue hold more bytes than
    /// this.
    static let receivedBytesAtMost = 32 << 20
    /// The longest wait of a posting thread. It must poll its client again well before `max.poll.interval.ms` and the
    /// limit of its heartbeat.
    static let longestWait: Duration = .seconds(10)

    /// The memory of the next batch.
    private var spare: [WorkerMessage] = []
    /// The memory of a batch with more space than this is released: it was a burst.
    private static let keptCapacity = 4_096
    /// The owner waits until there are this many events.
    private var wakingCount = 1
    /// When the owner dequeued the last batch.
    private var lastDequeue = ContinuousClock.now - .seconds(1)
    /// A turn begins this long after the one before, or when ``manyEvents`` wait.
    private let turnInterval: Duration
    /// For fewer events, waking the owner costs more than the turn. With more, the calls that the answers permit start late.
    static let manyEvents = 8

    init(turnInterval: Duration = .milliseconds(1)) { self.turnInterval = turnInterval }

    /// Posts an event. After ``close()`` events are dropped, and questions are answered with `nil`.
    func post(_ event: WorkerMessage) {
        condition.lock()
        guard !isClosed else { return condition.unlock() }
        if case .event(.restored) = event { restorePlaces.queued() }
        events.append(event)
        if events.count == wakingCount { condition.broadcast() }
        condition.unlock()
    }

    /// Posts records of the jobs topic. Blocks the thread while the queue holds many bytes of them, so that they do not
    /// fill the memory when the log is read faster than the engine decides. The engine dequeues all events in each
    /// turn, so this wait ends with its present turn.
    func postReceived(_ event: WorkerEvent, bytes: Int, waitingAtMost limit: Duration = EventQueue.longestWait) {
        let deadline = ContinuousClock.now + limit
        condition.lock()
        while !isClosed, receivedBytes > 0, receivedBytes + bytes > Self.receivedBytesAtMost {
            guard condition.wait(until: deadline) else { break }
        }
        guard !isClosed else { return condition.unlock() }
        receivedBytes += bytes
        events.append(.event(event))
        if events.count == wakingCount { condition.broadcast() }
        condition.unlock()
    }

    func close() {
        condition.lock()
        isClosed = true
        let (rest, waiting) = (events, restorePlaces.close())
        events = []
        condition.broadcast()
        condition.unlock()
        for restorer in waiting { restorer.resume() }
        // Released outside the lock, because the deinitializer answers questions.
        _ = consume rest
    }

    /// Waits for events, at most for `milliseconds`. Returns `nil` once the queue is closed.
    ///
    /// Turns have a shortest interval: otherwise each of many answers would wake the owner and the threads that execute its
    /// actions. The first event after a quiet period does not wait.
    func dequeue(waitingAtMost milliseconds: Int64) -> [WorkerMessage]? {
        condition.lock()
        waitFor(Self.manyEvents, until: lastDequeue + turnInterval)
        waitFor(1, until: .now + .milliseconds(milliseconds))
        guard !isClosed else {
            condition.unlock()
            return nil
        }
        var batch: [WorkerMessage] = []
        swap(&batch, &spare)
        swap(&batch, &events)
        let next = restorePlaces.dequeued()
        if receivedBytes > 0 { condition.broadcast() }
        receivedBytes = 0
        condition.unlock()
        next?.resume()
        lastDequeue = .now
        return batch
    }

    /// Returns the memory of a batch whose messages are handled. Messages are large: growing an array of them copies them often.
    func reuse(_ batch: consuming [WorkerMessage]) {
        guard batch.capacity <= Self.keptCapacity else { return }
        spare = batch
        spare.removeAll(keepingCapacity: true)
    }

    /// Waits until the queue holds this many events, or is closed. The lock must be held.
    private func waitFor(_ count: Int, until limit: ContinuousClock.Instant) {
        wakingCount = count
        while events.count < count, !isClosed {
            guard condition.wait(until: limit) else { break }
        }
    }

    /// Restores that wait for a place in the queue.
    var waitingRestores: Int {
        condition.lock()
        defer { condition.unlock() }
        return restorePlaces.waitingCount
    }

    /// Waits for the place of a batch of restored records, which the batch keeps until the engine has dequeued it.
    ///
    /// Ask for it before the batch is decoded, and only when its bytes have arrived: a restore that waits for the broker
    /// holds no place. A batch that is not posted returns its place (``returnRestorePlace()``).
    func restorePlace(for epoch: Epoch) async {
        await withCheckedContinuation { continuation in
            condition.lock()
            let isGranted = restorePlaces.request(epoch, continuation)
            condition.unlock()
            if isGranted { continuation.resume() }
        }
    }

    /// Returns the place of a batch that is not posted.
    func returnRestorePlace() {
        condition.lock()
        let next = restorePlaces.returned()
        condition.unlock()
        next?.resume()
    }
}

/// A message in the engine's queue.
enum WorkerMessage: Sendable {
    case event(WorkerEvent)
    case question(Answer)
    case committed(UInt64, seconds: Double)
    case commitFailed(UInt64, reason: String)
    case commitRefused(UInt64, outputs: [Int], reason: String)
    case connection(problem: LogProblem?)
    case observation(LogObservation)
}
