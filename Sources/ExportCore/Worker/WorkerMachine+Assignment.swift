extension WorkerMachine {
    mutating func handleAssignment(_ event: WorkerEvent, at now: EventTime, _ actions: inout [WorkerAction]) {
        switch event {
        case .assigned(let partition, let epoch): assigned(partition, epoch, at: now)
        case .restored(let partition, let epoch, let records):
            guard isRestoring(partition, epoch) else { return }
            for record in records { slots[Int(partition)]?.machine.apply(record) }
        case .restoreFinished(let partition, let epoch, let ends):
            guard isRestoring(partition, epoch) else { return }
            start(partition, ends, at: now, &actions)
        case .restoreFailed(let partition, let epoch, let reason):
            guard isRestoring(partition, epoch) else { return }
            stop(partition, epoch, reason, &actions)
        case .discontinuity(let partition, let epoch, let reason):
            guard self.epoch(of: partition) == epoch, lifecycle(of: partition) == .active else { return }
            _ = batches.drop(partition)
            stop(partition, epoch, reason, &actions)
        case .revoked(let partitions):
            drain(partitions, until: now.monotonic.advanced(by: Self.drainGrace))
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
            drain(slots.indices.map { Int32($0) }, until: now.monotonic)
        default: break
        }
    }

    // MARK: Assigned

    private func isRestoring(_ partition: Int32, _ epoch: Epoch) -> Bool {
        self.epoch(of: partition) == epoch && lifecycle(of: partition) == .restoring
    }

    private mutating func assigned(_ partition: Int32, _ epoch: Epoch, at now: EventTime) {
        slots.extend(to: Int(partition))
        _ = batches.drop(partition)
        let machine = PartitionMachine(partition: partition, epoch: epoch, configuration: configuration)
        slots[Int(partition)] = PartitionSlot(machine: machine)
        if stopping != .no { slots[Int(partition)]?.lifecycle = .draining(until: now.monotonic) }
        updateShare(at: now)
    }

    private mutating func start(
        _ partition: Int32,
        _ ends: RestoredEnds,
        at now: EventTime,
        _ actions: inout [WorkerAction]
    ) {
        let index = Int(partition)
        guard let epoch = epoch(of: partition) else { return }
        if let reason = slots[index]?.machine.discontinuity(ends) {
            return stop(partition, epoch, reason, &actions)
        }
        var decisions = Decisions()
        slots[index]?.lifecycle = .active
        reportGaps(partition, ends, &actions)
        slots[index]?.machine.resume(ends, at: now, &decisions)
        let position = slots[index]?.machine.decidedPosition ?? JobsPosition()
        // A position that the group does not have, because its offsets expired or nothing was committed yet, is
        // committed even without jobs: monitoring derives the lag from it.
        slots[index]?.gatheredPosition = ends.committed ?? -1
        slots[index]?.storedPosition = position.offset
        gather(decisions, slot: index, at: now, &actions)
        let jobs = slots[index]?.machine.activeCount ?? 0
        actions.append(.report(.active(partition: partition, epoch: epoch, jobs: jobs)))
        actions.append(.start(partition: partition, epoch: epoch, from: position))
    }

    /// Reports offsets that another consumer committed, and records that were deleted unread. Every commit carries the
    /// state's position, so a committed offset beyond it comes from another consumer. Before the first decision after a
    /// recovery the committed offset is still that of the previous topic.
    private func reportGaps(_ partition: Int32, _ ends: RestoredEnds, _ actions: inout [WorkerAction]) {
        guard let machine = slots[Int(partition)]?.machine else { return }
        let recorded = machine.recordedPosition
        if !machine.isNew, recorded != machine.origin?.position, let committed = ends.committed,
            committed > recorded.offset
        {
            actions.append(
                .report(
                    .foreignOffset(partition: partition, committed: committed, position: recorded.offset)
                )
            )
        }
        let known = machine.isNew ? ends.committed : recorded.offset
        if let known, known < ends.low {
            actions.append(.report(.unread(UnreadRecords(partition: partition, from: known, to: ends.low))))
        }
    }

    mutating func stop(
        _ partition: Int32,
        _ epoch: Epoch,
        _ reason: StopReason,
        _ actions: inout [WorkerAction]
    ) {
        slots[Int(partition)]?.lifecycle = .stopped(reason: reason)
        actions.append(.stopped(partition: partition, epoch: epoch))
        actions.append(.report(.stopped(partition: partition, epoch: epoch, reason: reason)))
    }

    /// A partition that is restoring or stopped counts too: its jobs will need their share of the budget.
    private mutating func updateShare(at now: EventTime) {
        let owned = slots.assignedCount
        scheduler.setShare(owned: owned, of: max(partitionCount, owned), at: now.monotonic)
    }

    // MARK: Released

    private mutating func drain(_ partitions: [Int32], until: MonotonicInstant) {
        for partition in partitions {
            switch lifecycle(of: partition) {
            case .active: slots[Int(partition)]?.lifecycle = .draining(until: until)
            case .draining(let earlier): slots[Int(partition)]?.lifecycle = .draining(until: min(earlier, until))
            case .restoring, .stopped:
                // Nothing was decided, so there is nothing to commit.
                slots[Int(partition)]?.lifecycle = .draining(until: .distantPast)
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

    mutating func releaseDrained(at now: EventTime, _ actions: inout [WorkerAction]) {
        var released = false
        for index in slots.readyToRelease(at: now) {
            guard let slot = slots[index] else { continue }
            let partition = slot.machine.partition
            if batches.touches(partition) {
                guard batches.failures >= Self.drainAttempts else { continue }
                // The log does not accept it: the next owner resumes from the last commit.
                lose(partition, &actions)
            } else {
                slots[index] = nil
                actions.append(
                    .report(
                        .released(partition: partition, epoch: slot.machine.epoch, jobs: slot.machine.activeCount)
                    )
                )
            }
            jobsReleased += slot.machine.activeCount
            actions.append(.release(partition: partition, epoch: slot.machine.epoch))
            released = true
        }
        if released { updateShare(at: now) }
        if stopping == .draining, slots.assignedCount == 0, batches.isIdle {
            stopping = .drained
            actions.append(.drained(jobs: jobsReleased))
        }
    }
}
