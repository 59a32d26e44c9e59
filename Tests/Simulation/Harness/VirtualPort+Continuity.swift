import ExportCore

/// Detects that a jobs partition is not the one that was restored, and restores stopped partitions after a change.
extension VirtualPort {
    func discontinuity(_ partition: Int, at position: Int64, _ marks: [JobsMark]) -> StopReason? {
        let end = world.log.jobEnds[partition]
        guard world.portSettings.continuityInterval != nil else { return nil }
        if end < position { return .jobsEndBelowPosition(position: position, end: end) }
        guard let mark = marks.first else { return nil }
        return world.log.holdsJob(mark, partition) ? nil : .jobsReplaced(offset: mark.offset)
    }

    func watchContinuity(_ partition: Int, _ epoch: Epoch) {
        guard let interval = world.portSettings.continuityInterval else { return }
        worker.later(interval) { [self] in
            guard let slot = partitions[partition], slot.epoch == epoch, slot.next != nil else { return }
            if let reason = discontinuity(partition, at: slot.position, slot.anchors) {
                return worker.post(.discontinuity(partition: Int32(partition), epoch: epoch, reason))
            }
            if let mark = moveAnchor(partition) {
                worker.post(.anchored(partition: Int32(partition), epoch: epoch, mark))
            }
            watchContinuity(partition, epoch)
        }
    }

    /// The engine has stopped the partition: it is restored again when its state has changed.
    func stopped(_ partition: Int, _ epoch: Epoch) {
        guard partitions[partition]?.epoch == epoch else { return }
        halt(partition)
        awaitChange(partition, epoch, of: world.log.stateEnds[partition])
    }

    private func awaitChange(_ partition: Int, _ epoch: Epoch, of end: Int64) {
        worker.later(500) { [self] in
            guard let slot = partitions[partition], slot.epoch == epoch, !slot.isRevoked else { return }
            if world.log.stateEnds[partition] == end { return awaitChange(partition, epoch, of: end) }
            assign(partition)
        }
    }
}
