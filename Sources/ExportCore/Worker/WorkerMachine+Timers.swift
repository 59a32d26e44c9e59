extension WorkerMachine {
    /// Fires due timers while their decisions fit into the next batch; the others wait for the commit before it, because a
    /// batch of a million jobs whose time has come would fit into no transaction. The next turn begins with the partition
    /// at which this one ended, so that none waits for the timers of others for ever.
    mutating func fireTimers(at now: EventTime, _ actions: inout [WorkerAction]) {
        timersLeft = false
        let first = firstTimerSlot
        firstTimerSlot = 0
        for places in [first..<Int.max, 0..<first] {
            var start = places.lowerBound
            while let index = slots.firstDue(from: start, at: now), index < places.upperBound {
                let room = batches.room
                guard room > 0 else {
                    firstTimerSlot = index
                    timersLeft = true
                    return
                }
                var decisions = Decisions()
                slots[index]?.machine.fireTimers(at: now, limit: min(Self.timersPerTurn, room), &decisions)
                if slots[index]?.hasDueTimer(at: now) ?? false { timersLeft = true }
                gather(decisions, slot: index, at: now, &actions)
                start = index + 1
            }
        }
    }
}
