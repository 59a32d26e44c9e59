extension WorkerMachine {
    mutating func handleAssignment(_ event: WorkerEvent, at now: Instant, _ actions: inout [WorkerAction]) {
        switch event {
        case .assigned(let partition, let epoch): assigned(partition, epoch, at: now)
        case .restored(let partition, let epoch, let records):
            guard isRestoring(partition, epoch) else { return }
            for record in records { slots[Int(partition)]?.machine.apply(record) }
        case .restoreFinished(let partition, let epoch, let committed, let low, let high):
            guard isRestoring(partition, epoch) else { return }
            start(partition, committed: committed, low: low, high: high, at: now, &actions)
        case .restoreFailed(let partition, let epoch, let reason):
            guard isRestoring(partition, epoch) else { return }
            stop(partition, epoch, reason, &actions)
        case .revoked(let partitions):
            drain(partitions, until: now.advanced(by: Self.drainGrace))
        case .lost(let partitions):
            for partition in partitions { lose(partition, &actions) }
            updateShare(at: now)
        case .partitionCount(let count):
            partitionCount = count
            updateShare(at: now)
        case .stop:
            stopping = max(stopping, .draining)
            scheduler.isOpen = false
            drain(slots.indices.map { Int32($0) }, until: .distantFuture)
        case .stopNow:
            stopping = max(stopping, .draining)
            scheduler.isOpen = false
            drain(slots.indices.map { Int32($0) }, until: now)
        default: break
        }
    }

    // MARK: Coming

    private func isRestoring(_ partition: Int32, _ epoch: Epoch) -> Bool {
        self.epoch(of: partition) == epoch && lifecycle(of: partition) == .restoring
    }

    private mutating func assigned(_ partition: Int32, _ epoch: Epoch, at now: Instant) {
        while slots.count <= Int(partition) { slots.append(nil) }
        _ = batches.drop(partition)
        let machine = PartitionMachine(partition: partition, epoch: epoch, configuration: configuration)
        slots[Int(partition)] = PartitionSlot(machine: machine)
        if stopping != .no { slots[Int(partition)]?.lifecycle = .draining(until: now) }
        updateShare(at: now)
    }

    private mutating func start(
        _ partition: Int32,
        committed: Int64?,
        low: Int64,
        high: Int64,
        at now: Instant,
        _ actions: inout [WorkerAction]
    ) {
        let index = Int(partition)
        guard let epoch = epoch(of: partition) else { return }
        let known = max(committed ?? 0, slots[index]?.machine.recordedPosition ?? 0)
        guard known <= high else {
            let reason =
                "The state topic knows records up to offset \(known) of this partition of the jobs topic, which ends at \(high): the jobs topic was deleted and made anew, or lost data. Delete the state topic and the group's offsets too if its jobs are really gone, or restore the jobs topic."
            return stop(partition, epoch, reason, &actions)
        }
        var decisions = Decisions()
        slots[index]?.lifecycle = .active
        slots[index]?.machine.resume(committed: max(committed ?? low, low), at: now, &decisions)
        let position = slots[index]?.machine.position ?? 0
        // What the group does not know yet, because its offsets expired or its first commit is to
        // come, is committed even when no job comes: lag is measured by it.
        slots[index]?.gatheredPosition = committed ?? -1
        gather(decisions, slot: index, at: now, &actions)
        let jobs = slots[index]?.machine.activeCount ?? 0
        actions.append(.report(.active(partition: partition, epoch: epoch, jobs: jobs)))
        actions.append(.start(partition: partition, epoch: epoch, from: position))
    }

    private mutating func stop(
        _ partition: Int32,
        _ epoch: Epoch,
        _ reason: String,
        _ actions: inout [WorkerAction]
    ) {
        slots[Int(partition)]?.lifecycle = .stopped(reason: reason)
        actions.append(.report(.stopped(partition: partition, epoch: epoch, reason: reason)))
    }

    /// A partition that is restoring or stopped counts too: its jobs will need their part of the budget.
    private mutating func updateShare(at now: Instant) {
        let owned = slots.count { $0 != nil }
        scheduler.setShare(owned: owned, of: max(partitionCount, owned), at: now)
    }

    // MARK: Going

    private mutating func drain(_ partitions: [Int32], until: Instant) {
        for partition in partitions {
            switch lifecycle(of: partition) {
            case .active: slots[Int(partition)]?.lifecycle = .draining(until: until)
            case .draining(let earlier): slots[Int(partition)]?.lifecycle = .draining(until: min(earlier, until))
            case .restoring, .stopped:
                // Nothing was decided, nothing is to be committed.
                slots[Int(partition)]?.lifecycle = .draining(until: Instant(milliseconds: .min))
            case nil: break
            }
        }
    }

    private mutating func lose(_ partition: Int32, _ actions: inout [WorkerAction]) {
        guard let epoch = epoch(of: partition) else { return }
        let dropped = batches.drop(partition)
        slots[Int(partition)] = nil
        actions.append(.report(.lost(partition: partition, epoch: epoch, dropped: dropped)))
    }

    /// Whether a partition waits for nothing but its last commit.
    mutating func readyToRelease(_ index: Int, at now: Instant) -> Bool {
        slots[index]?.isReadyToRelease(at: now) ?? false
    }

    mutating func releaseDrained(at now: Instant, _ actions: inout [WorkerAction]) {
        var released = false
        for index in slots.indices where readyToRelease(index, at: now) {
            guard let slot = slots[index] else { continue }
            let partition = slot.machine.partition
            if batches.touches(partition) {
                guard batches.failures >= Self.drainAttempts else { continue }
                // The log does not take it: the next owner begins where the last commit left off.
                lose(partition, &actions)
            } else {
                slots[index] = nil
                actions.append(
                    .report(
                        .released(partition: partition, epoch: slot.machine.epoch, jobs: slot.machine.activeCount)
                    )
                )
            }
            handedOver += slot.machine.activeCount
            actions.append(.release(partition: partition, epoch: slot.machine.epoch))
            released = true
        }
        if released { updateShare(at: now) }
        if stopping == .draining, slots.allSatisfy({ $0 == nil }), batches.isIdle {
            stopping = .drained
            actions.append(.drained(jobs: handedOver))
        }
    }
}
