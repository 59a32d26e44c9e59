import ExportCore

/// Commits and their outcomes.
extension VirtualPort {
    func commit(_ batch: CommitBatch) {
        if let commitInFlight { world.fail("\(worker.name) commits \(batch.id) while \(commitInFlight) is in flight") }
        commitInFlight = batch.id
        guard areCurrent(batch.positions) else { return worker.later(1) { self.answer(batch, stored: false) } }
        switch delivery {
        case .exactlyOnce: beginTransaction(batch, snapshot)
        case .atLeastOnce: writeAnnouncements(batch)
        }
    }

    /// Sends a request to the broker. It arrives even if the worker crashes meanwhile; its answer does not.
    func send(_ request: @escaping () -> () -> Void) {
        world.at(world.now + world.random.int(0...10)) { [self] in
            let answer = request()
            worker.later(world.random.int(0...10), answer)
        }
    }

    func answer(_ batch: CommitBatch, stored: Bool) {
        commitInFlight = nil
        worker.post(stored ? .committed(batch: batch.id) : .commitFailed(batch: batch.id))
    }

    /// The records of a batch that the brokers refuse.
    func refusals(of batch: CommitBatch, _ isPart: (OutputRecord) -> Bool = { _ in true }) -> [OutputRefusal] {
        let limits = world.portSettings.limits
        return batch.records.indices.compactMap { index in
            let record = batch.records[index]
            guard isPart(record) else { return nil }
            // A worker knows its topics' limits and must not send larger records.
            if limits.isTooLarge(record) { world.fail("\(worker.name) sends a record that its topic does not accept") }
            return limits.isRefused(record) ? OutputRefusal(index: index, form: record.form) : nil
        }
    }

    /// The brokers refuse some records; the port has identified them.
    func answer(_ batch: CommitBatch, refusing refusals: [OutputRefusal]) {
        world.count("records refused")
        lastRefusal = (batch.id, lastRefusal.batch == batch.id ? lastRefusal.times + 1 : 1)
        if lastRefusal.times > 100 { world.fail("\(worker.name) sends refused records again and again") }
        guard world.portSettings.isolatesRefusals else { return answer(batch, stored: false) }
        commitInFlight = nil
        worker.post(.outputsRefused(batch: batch.id, refusals))
    }

    /// Whether all assignments of a batch are current.
    func areCurrent(_ positions: [CommitBatch.Position]) -> Bool {
        positions.allSatisfy { isCurrent(Int($0.partition), $0.epoch) }
    }

    /// The outcome is unknown or the producer is fenced: everything is dropped and restored.
    func producerDied(_ batch: CommitBatch) {
        world.count("producer died")
        world.trace { "\(self.worker.name): producer died with batch \(batch.id)" }
        producerEpoch = world.log.initialise(producer: producer)
        let owned = partitions.indices.filter { partitions[$0] != nil }
        let revoked = owned.compactMap { partition in partitions[partition]?.revokedFrom.map { (partition, $0) } }
        let answersFirst = world.random.chance(0.5)
        if answersFirst { answer(batch, stored: false) }
        worker.post(.lost(owned.map { Int32($0) }))
        if !answersFirst { answer(batch, stored: false) }
        for partition in owned {
            partitions[partition] = nil
            if !revoked.contains(where: { $0.0 == partition }) { assign(partition) }
        }
        for (partition, member) in revoked { world.group.released(partition, by: member) }
    }
}
