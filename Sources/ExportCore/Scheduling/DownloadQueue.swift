/// What one of several that share the download slots has of them. The one with the fewest running downloads comes
/// first, then the one that has used the least time.
struct SlotShare: Comparable {
    /// Downloads that run.
    var running = 0
    /// The slot time that its downloads have used, in milliseconds; at most one turn for each.
    var used: Int64 = 0

    static func < (left: SlotShare, right: SlotShare) -> Bool {
        (left.running, left.used) < (right.running, right.used)
    }
}

/// The downloads of one account in one partition that do not run.
struct DownloadQueue {
    let partition: Int32
    /// Downloads that have not begun, in the order of their arrival.
    var waiting = RingBuffer<CallToken>()
    /// Downloads that were suspended, in this order.
    var suspended: [CallToken] = []
    var share: SlotShare
    /// The slot time of the downloads that ended in their first turn, since a suspended one was last resumed.
    var shortTime: Int64 = 0

    /// Whether a download may run next.
    ///
    /// - Parameter begins: whether one may begin; otherwise only a suspended one may run.
    func hasNext(begins: Bool) -> Bool { !suspended.isEmpty || begins && !waiting.isEmpty }

    /// The next download, and whether it was suspended. New ones come first, because a small file needs only one turn.
    /// A suspended one comes first when new ones have used the time of a turn.
    func next(begins: Bool, turn: Int64) -> (token: CallToken, isSuspended: Bool)? {
        if let new = waiting.first, begins, suspended.isEmpty || shortTime < turn { return (new, false) }
        return suspended.first.map { ($0, true) }
    }
}

/// One account's downloads.
struct AccountDownloads {
    /// The partitions that have downloads.
    var queues: [DownloadQueue] = []
    var share = SlotShare()
    /// Downloads that have not begun.
    var waiting = 0
    /// Downloads that are suspended.
    var suspended = 0
    /// The used time of the partition that had the last turn.
    private var virtualTime: Int64 = 0

    var isIdle: Bool { waiting + suspended + share.running == 0 }

    func hasNext(begins: Bool) -> Bool { suspended > 0 || begins && waiting > 0 }

    /// The place of a partition's queue, which is created if there is none.
    mutating func queue(of partition: Int32) -> Int {
        if let known = queues.firstIndex(where: { $0.partition == partition }) { return known }
        // A partition without downloads saves no time for later.
        queues.append(DownloadQueue(partition: partition, share: SlotShare(used: virtualTime)))
        return queues.count - 1
    }

    /// The queue whose download is next.
    func fairest(begins: Bool) -> Int? {
        queues.indices.filter { queues[$0].hasNext(begins: begins) }.min { queues[$0].share < queues[$1].share }
    }

    /// Takes the next download of a queue.
    mutating func pop(_ queue: Int, isSuspended: Bool) {
        if isSuspended {
            queues[queue].suspended.removeFirst()
            queues[queue].shortTime = 0
            suspended -= 1
        } else {
            _ = queues[queue].waiting.popFirst()
            waiting -= 1
        }
        virtualTime = max(virtualTime, queues[queue].share.used)
        queues[queue].share.running += 1
        share.running += 1
    }

    /// Ends a turn.
    mutating func endTurn(_ queue: Int, used: Int64) {
        queues[queue].share.running -= 1
        queues[queue].share.used += used
        share.running -= 1
        share.used += used
    }

    mutating func removeIfIdle(_ queue: Int) {
        guard queues[queue].share.running == 0, !queues[queue].hasNext(begins: true) else { return }
        queues.remove(at: queue)
    }
}
