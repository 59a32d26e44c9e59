import ExportCore

/// A commit in one transaction, step by step.
extension VirtualPort {
    func beginTransaction(_ batch: CommitBatch, _ metadata: Metadata) {
        send { [self] in
            let transaction = world.log.begin(producer: producer, epoch: producerEpoch, worker: worker.id)
            return { self.write(batch, transaction, metadata) }
        }
    }

    private func write(_ batch: CommitBatch, _ transaction: VirtualLog.Transaction?, _ metadata: Metadata) {
        guard let transaction else { return producerDied(batch) }
        world.at(world.now + world.portSettings.transactionTimeout) { [world] in world.log.expire(transaction) }
        send { [self] in
            guard world.log.isOpen(transaction) else { return { self.producerDied(batch) } }
            let refusals = refusals(of: batch)
            guard refusals.isEmpty else { return { self.abort(batch, transaction, refusing: refusals) } }
            world.log.append(batch.records, to: transaction, at: world.now)
            if world.happens(.abort, 0.05) { return { self.abort(batch, transaction) } }
            return { self.sendOffsets(batch, transaction, metadata) }
        }
    }

    private func sendOffsets(_ batch: CommitBatch, _ transaction: VirtualLog.Transaction, _ received: Metadata) {
        guard !batch.positions.isEmpty else { return endTransaction(batch, transaction) }
        let metadata =
            switch world.portSettings.generation {
            case .ofCallback: received
            case .late: snapshot
            case .fresh: fresh
            }
        send { [self] in
            guard world.log.isOpen(transaction) else { return { self.producerDied(batch) } }
            guard world.group.accepts(member: metadata.member, generation: metadata.generation) else {
                world.count("illegal generation")
                return { self.abort(batch, transaction) }
            }
            transaction.offsets = batch.positions
            if world.happens(.abort, 0.03) { return { self.abort(batch, transaction) } }
            return { self.endTransaction(batch, transaction) }
        }
    }

    private func endTransaction(_ batch: CommitBatch, _ transaction: VirtualLog.Transaction) {
        send { [self] in
            guard world.log.isOpen(transaction) else { return { self.producerDied(batch) } }
            if world.happens(.abort, 0.03) { return { self.abort(batch, transaction) } }
            let isStored = !world.happens(.unknownOutcome, 0.02)
            if isStored { world.log.end(transaction, .committed) }
            if world.happens(.unknownOutcome, 0.03) || !isStored { return { self.producerDied(batch) } }
            return { self.answer(batch, stored: true) }
        }
    }

    private func abort(
        _ batch: CommitBatch,
        _ transaction: VirtualLog.Transaction,
        refusing refusals: [OutputRefusal] = []
    ) {
        world.trace { "\(self.worker.name): batch \(batch.id) aborted" }
        send { [self] in
            guard world.log.isOpen(transaction) else { return { self.producerDied(batch) } }
            world.log.end(transaction, .aborted)
            guard refusals.isEmpty else { return { self.answer(batch, refusing: refusals) } }
            return { self.answer(batch, stored: false) }
        }
    }
}
