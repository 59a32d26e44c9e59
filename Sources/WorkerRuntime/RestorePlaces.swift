import ExportCore

/// The places of the batches of restored records that are decoded or wait in the queue. `EventQueue` owns it.
///
/// Records are decoded on several threads and applied by one, and a decoded record is several times as large as its table
/// entry, so the places are few. The lowest epoch is served first: partitions that are restored together become active one
/// after the other, and a later one uses only what the earlier ones leave.
struct RestorePlaces {
    typealias Continuation = CheckedContinuation<Void, Never>

    /// One batch is decoded while another is applied.
    static let count = 2

    private var used = 0
    /// The batches in the queue; each has one of the used places.
    private var inQueue = 0
    private var waiting: [(epoch: Epoch, continuation: Continuation)] = []
    private var isClosed = false

    var waitingCount: Int { waiting.count }

    /// Requests a place; the continuation is kept where there is none.
    ///
    /// - Returns: whether the place is granted at once.
    mutating func request(_ epoch: Epoch, _ continuation: Continuation) -> Bool {
        if isClosed { return true }
        guard used < Self.count, waiting.allSatisfy({ $0.epoch > epoch }) else {
            waiting.append((epoch, continuation))
            return false
        }
        used += 1
        return true
    }

    /// A batch was posted.
    mutating func queued() { inQueue += 1 }

    /// The engine has dequeued all batches.
    ///
    /// - Returns: who gets a place. Only one at a time: it asks for the next place at once, before those behind it. The rest
    ///   follows, because a granted place leads to a batch, which the engine dequeues.
    mutating func dequeued() -> Continuation? {
        used -= inQueue
        inQueue = 0
        return grant()
    }

    /// A batch was not posted after all. The return value is as in ``dequeued()``.
    mutating func returned() -> Continuation? {
        used -= 1
        return grant()
    }

    private mutating func grant() -> Continuation? {
        guard used < Self.count, let first = waiting.indices.min(by: { waiting[$0].epoch < waiting[$1].epoch }) else {
            return nil
        }
        used += 1
        return waiting.remove(at: first).continuation
    }

    /// Grants every request from now on. Returns those that wait.
    mutating func close() -> [Continuation] {
        isClosed = true
        defer { waiting = [] }
        return waiting.map(\.continuation)
    }
}
