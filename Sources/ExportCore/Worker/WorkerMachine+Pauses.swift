extension WorkerMachine {
    /// Queues a call, unless a pause holds it back.
    mutating func enqueue(_ token: CallToken) {
        let index = Int(token.partition)
        if slots.indices.contains(index), slots[index]?.machine.park(token) ?? false { return }
        scheduler.enqueue(token)
    }

    /// Queues the calls that were held back by pauses whose end is committed.
    mutating func releaseCalls(after batch: BatchGatherer.Batch) {
        for end in batch.endsOfPauses where epoch(of: end.partition) == end.epoch {
            let tokens = slots[Int(end.partition)]?.machine.endOfPausesCommitted(end.revision) ?? []
            for token in tokens { enqueue(token) }
        }
    }

    /// The pauses of a partition that this worker owns, for tests.
    package func pauses(of partition: Int32) -> [JobPause] {
        slots.indices.contains(Int(partition)) ? slots[Int(partition)]?.machine.pauses.pauses ?? [] : []
    }
}
