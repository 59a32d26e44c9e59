import ExportCore

/// A commit without transactions: events and dead letters, then the state, then the positions. Each step can fail
/// half done, and the process can die between two of them.
extension VirtualPort {
    func writeAnnouncements(_ batch: CommitBatch) {
        let announcements = batch.records.filter { if case .state = $0 { false } else { true } }
        let next = { self.writeState(batch) }
        write(announcements, of: batch, then: next) { [world] in
            // They go to partitions of their own, so any of them may be missing.
            announcements.filter { _ in world.dice.chance(0.5) }
        }
    }

    private func writeState(_ batch: CommitBatch) {
        let states = batch.records.filter { if case .state = $0 { true } else { false } }
        let next = { self.commitPositions(batch) }
        write(states, of: batch, then: next) { [world] in
            // The order within a partition holds, so what is missing is at its end.
            let cuts = batch.positions.map { ($0.partition, world.dice.index(0...states.count)) }
            var written: [Int32: Int] = [:]
            return states.filter { record in
                written[record.partition, default: 0] += 1
                return written[record.partition, default: 0] <= cuts.first { $0.0 == record.partition }?.1 ?? 0
            }
        }
    }

    /// - Parameter part: what is stored when the step fails half done.
    private func write(
        _ records: [OutputRecord],
        of batch: CommitBatch,
        then next: @escaping () -> Void,
        part: @escaping () -> [OutputRecord]
    ) {
        guard !records.isEmpty else { return next() }
        guard areCurrent(batch.positions) else { return answer(batch, stored: false) }
        // The process may stand still after it has asked and before it sends.
        worker.later(world.dice.int(0...2)) { [self] in
            send { [self] in
                guard !world.happens(.abort, 0.05) else {
                    world.log.write(part(), worker: worker.id, at: world.now)
                    return { self.answer(batch, stored: false) }
                }
                world.log.write(records, worker: worker.id, at: world.now)
                if world.happens(.unknownOutcome, 0.02) { return { self.producerDied(batch) } }
                return next
            }
        }
    }

    private func commitPositions(_ batch: CommitBatch) {
        guard !batch.positions.isEmpty else { return answer(batch, stored: true) }
        guard areCurrent(batch.positions) else { return answer(batch, stored: false) }
        worker.later(world.dice.int(0...2)) { [self] in
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
