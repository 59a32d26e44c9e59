import ExportCore

/// A commit without transactions: events and dead letters, then the state, then the positions. Each step can fail
/// in part, and the process can crash between two of them.
extension VirtualPort {
    func writeAnnouncements(_ batch: CommitBatch) {
        let announcements = batch.records.filter { !$0.isState }
        let next = { self.writeState(batch) }
        write(announcements, of: batch, then: next) { [world] in
            // They go to different partitions, so any of them may be missing.
            announcements.filter { _ in world.random.chance(0.5) }
        }
    }

    private func writeState(_ batch: CommitBatch) {
        let states = batch.records.filter(\.isState)
        let next = { self.commitPositions(batch) }
        write(states, of: batch, then: next) { [world] in
            // The order within a partition holds, so only its last records may be missing.
            let cuts = batch.positions.map { ($0.partition, world.random.index(0...states.count)) }
            var written: [Int32: Int] = [:]
            return states.filter { record in
                written[record.partition, default: 0] += 1
                return written[record.partition, default: 0] <= cuts.first { $0.0 == record.partition }?.1 ?? 0
            }
        }
    }

    /// - Parameter part: the records that are stored when the step fails in part.
    private func write(
        _ records: [OutputRecord],
        of batch: CommitBatch,
        then next: @escaping () -> Void,
        part: @escaping () -> [OutputRecord]
    ) {
        guard !records.isEmpty else { return next() }
        guard areCurrent(batch.positions) else { return answer(batch, stored: false) }
        // The process may pause between the check and the send.
        worker.later(world.random.int(0...2)) { [self] in
            send { [self] in
                guard !world.happens(.abort, 0.05) else {
                    world.log.write(accepted(part()), worker: worker.id, at: world.now)
                    return { self.answer(batch, stored: false) }
                }
                let refusals = refusals(of: batch) { $0.isState == (records.first?.isState ?? false) }
                guard refusals.isEmpty else {
                    world.log.write(accepted(records), worker: worker.id, at: world.now)
                    return { self.answer(batch, refusing: refusals) }
                }
                world.log.write(records, worker: worker.id, at: world.now)
                if world.happens(.unknownOutcome, 0.02) { return { self.producerDied(batch) } }
                return next
            }
        }
    }

    /// The records that the topics accept. State records of a partition after its first refused one are not stored.
    private func accepted(_ records: [OutputRecord]) -> [OutputRecord] {
        var ended: Set<Int32> = []
        return records.filter { record in
            let isRefused = world.portSettings.limits.isRefused(record)
            if isRefused, record.isState { ended.insert(record.partition) }
            return !isRefused && !(record.isState && ended.contains(record.partition))
        }
    }

    private func commitPositions(_ batch: CommitBatch) {
        guard !batch.positions.isEmpty else { return answer(batch, stored: true) }
        guard areCurrent(batch.positions) else { return answer(batch, stored: false) }
        worker.later(world.random.int(0...2)) { [self] in
            send { [self] in
                guard world.group.accepts(member: fresh.member, generation: fresh.generation) else {
                    world.count("illegal generation")
                    return { self.answer(batch, stored: false) }
                }
                if world.happens(.abort, 0.03) { return { self.answer(batch, stored: false) } }
                world.log.commit(batch.positions)
                return { self.answer(batch, stored: true) }
            }
        }
    }
}

extension OutputRecord {
    fileprivate var isState: Bool { if case .state = self { true } else { false } }
}
