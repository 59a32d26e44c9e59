import ExportCore

/// What stands between one worker and the log: assignment, restore, delivery, transactions and
/// hand-over, each step of them at a moment of its own.
final class VirtualPort {
    /// A partition that this worker believes to own.
    struct Partition {
        let epoch: Epoch
        /// Where to read on; `nil` until the engine has said so.
        var next: Int64?
        var isFetching = false
        var isRevoked = false
    }

    /// The group's metadata: who, and of which generation.
    struct Metadata {
        var member: Int
        var generation: Int
    }

    unowned let worker: any PortHost
    let world: any PortWorld
    let delivery: Delivery
    var member: VirtualGroup.Member?
    /// The metadata as the client's own thread knows it.
    private(set) var fresh = Metadata(member: 0, generation: 0)
    /// The metadata of the last rebalance callback.
    private(set) var snapshot = Metadata(member: 0, generation: 0)
    private(set) var partitions: [Partition?]
    private var lastEpoch: Epoch = 0
    private var isIntakePaused = false
    let producer: Int
    private(set) var producerEpoch = 0
    private var commitUnderWay: UInt64?

    init(_ worker: any PortHost, in world: any PortWorld, producer: Int, delivery: Delivery) {
        self.worker = worker
        self.world = world
        self.producer = producer
        self.delivery = delivery
        partitions = Array(repeating: nil, count: world.portSettings.partitions)
    }

    // MARK: Group

    func start() {
        producerEpoch = world.log.initialise(producer: producer)
        worker.post(.partitionCount(partitions.count))
        join()
    }

    /// - Parameter earliest: no callback comes before this moment.
    private func join(callbacksFrom earliest: Int64 = 0) {
        var lastDelivery = earliest
        var joined: VirtualGroup.Member?
        let new = world.group.join { [weak self] callback in
            guard let self, let id = joined?.id else { return }
            let learnt = world.now + world.dice.int(0...50)
            lastDelivery = max(lastDelivery, learnt + world.dice.int(0...400))
            world.at(learnt) { [weak self] in
                guard let self, fresh.member != id || fresh.generation < callback.generation else { return }
                fresh = Metadata(member: id, generation: callback.generation)
            }
            world.at(lastDelivery) { [weak self] in
                guard let worker = self?.worker else { return }
                worker.run { self?.rebalanced(callback, member: id) }
            }
        }
        joined = new
        member = new
    }

    private func rebalanced(_ callback: VirtualGroup.Callback, member id: Int) {
        guard id == member?.id else { return }
        snapshot = Metadata(member: id, generation: callback.generation)
        world.trace {
            "\(self.worker.name): generation \(callback.generation), assigned \(callback.assigned), revoked \(callback.revoked)"
        }
        for partition in callback.revoked {
            if partitions[partition] == nil {
                if let member { world.group.released(partition, by: member) }
            } else {
                partitions[partition]?.isRevoked = true
                worker.post(.revoked([Int32(partition)]))
            }
        }
        for partition in callback.assigned { assign(partition) }
        worker.post(.generationChanged)
    }

    /// The group did not hear of this worker for too long; it has joined again under another name.
    func expired() {
        if let member, world.group.isMember(member.id) { return }
        world.trace { "\(self.worker.name): is no member any more, joins again" }
        let told = world.dice.int(0...2_000)
        worker.later(told) { [self] in
            let lost = partitions.indices.filter { partitions[$0] != nil }
            for partition in lost { partitions[partition] = nil }
            worker.post(.lost(lost.map { Int32($0) }))
        }
        join(callbacksFrom: world.now + told)
    }

    func leave() {
        if let member { world.group.remove(member) }
        member = nil
    }

    // MARK: Restore

    private func assign(_ partition: Int) {
        lastEpoch += 1
        let epoch = lastEpoch
        partitions[partition] = Partition(epoch: epoch)
        worker.post(.assigned(partition: Int32(partition), epoch: epoch))
        worker.later(world.dice.int(1...50)) { self.readCommitted(partition, epoch) }
    }

    private func isCurrent(_ partition: Int, _ epoch: Epoch) -> Bool { partitions[partition]?.epoch == epoch }

    private func readCommitted(_ partition: Int, _ epoch: Epoch) {
        guard isCurrent(partition, epoch) else { return }
        guard !world.log.hasPendingOffset(partition) else {
            return worker.later(20) { self.readCommitted(partition, epoch) }
        }
        let committed = world.log.committed[partition]
        worker.later(world.dice.int(0...50)) { [self] in
            guard isCurrent(partition, epoch) else { return }
            let end = world.log.stateEnds[partition]
            world.restoring(partition, host: worker, from: end)
            readState(partition, epoch, from: 0, to: end, committed: committed)
        }
    }

    private func readState(_ partition: Int, _ epoch: Epoch, from: Int64, to end: Int64, committed: Int64?) {
        guard isCurrent(partition, epoch) else { return }
        let (records, position) = world.log.readState(partition, from: from, limit: world.dice.index(1...50))
        if !records.isEmpty { worker.post(.restored(partition: Int32(partition), epoch: epoch, records)) }
        guard position < end else {
            let high = world.log.jobEnds[partition]
            return worker.post(
                .restoreFinished(partition: Int32(partition), epoch: epoch, committed: committed, low: 0, high: high)
            )
        }
        worker.later(world.dice.int(1...100)) {
            self.readState(partition, epoch, from: position, to: end, committed: committed)
        }
    }

    // MARK: Delivery

    func begin(_ partition: Int, _ epoch: Epoch, from offset: Int64) {
        guard isCurrent(partition, epoch) else { return }
        partitions[partition]?.next = offset
        fetch(partition)
    }

    func setIntake(isPaused: Bool) {
        isIntakePaused = isPaused
        if !isPaused { for partition in partitions.indices { fetch(partition) } }
    }

    /// There may be something to read.
    func fetch(_ partition: Int) {
        guard let slot = partitions[partition], let next = slot.next, !slot.isFetching, !isIntakePaused else { return }
        guard !world.log.readJobs(partition, from: next, limit: 1).isEmpty else { return }
        partitions[partition]?.isFetching = true
        worker.later(world.dice.int(1...40)) { [self] in
            guard isCurrent(partition, slot.epoch) else { return }
            partitions[partition]?.isFetching = false
            let inputs = world.log.readJobs(partition, from: next, limit: world.dice.index(1...20))
            guard let last = inputs.last else { return }
            partitions[partition]?.next = last.offset + 1
            worker.post(.received(partition: Int32(partition), epoch: slot.epoch, Array(inputs)))
            fetch(partition)
        }
    }

    // MARK: Hand-over

    func release(_ partition: Int, _ epoch: Epoch) {
        guard let slot = partitions[partition], slot.epoch == epoch else { return }
        partitions[partition] = nil
        guard slot.isRevoked, let member else { return }
        worker.later(world.dice.int(0...20)) { self.world.group.released(partition, by: member) }
    }

    /// The engine has not released a partition for too long: it goes without a last commit.
    func giveUp(_ partition: Int) {
        guard partitions[partition]?.isRevoked ?? false, let member else { return }
        partitions[partition] = nil
        worker.post(.lost([Int32(partition)]))
        world.group.released(partition, by: member)
    }

    // MARK: Commits

    func commit(_ batch: CommitBatch) {
        if let commitUnderWay { world.fail("\(worker.name) commits \(batch.id) while \(commitUnderWay) is under way") }
        commitUnderWay = batch.id
        guard areCurrent(batch.positions) else { return worker.later(1) { self.answer(batch, stored: false) } }
        switch delivery {
        case .exactlyOnce: beginTransaction(batch, snapshot)
        case .atLeastOnce: writeAnnouncements(batch)
        }
    }

    /// A request to the broker: it arrives even when the worker dies meanwhile; its answer does not.
    func send(_ request: @escaping () -> () -> Void) {
        world.at(world.now + world.dice.int(0...10)) { [self] in
            let answer = request()
            worker.later(world.dice.int(0...10), answer)
        }
    }

    func answer(_ batch: CommitBatch, stored: Bool) {
        commitUnderWay = nil
        worker.post(stored ? .committed(batch: batch.id) : .commitFailed(batch: batch.id))
    }

    /// Whether all assignments of a batch go on.
    func areCurrent(_ positions: [CommitBatch.Position]) -> Bool {
        positions.allSatisfy { isCurrent(Int($0.partition), $0.epoch) }
    }

    /// The outcome is unknown or the producer is fenced: everything is dropped and restored.
    func producerDied(_ batch: CommitBatch) {
        world.count("producer died")
        world.trace { "\(self.worker.name): producer died with batch \(batch.id)" }
        producerEpoch = world.log.initialise(producer: producer)
        let owned = partitions.indices.filter { partitions[$0] != nil }
        let revoked = owned.filter { partitions[$0]?.isRevoked ?? false }
        let answersFirst = world.dice.chance(0.5)
        if answersFirst { answer(batch, stored: false) }
        worker.post(.lost(owned.map { Int32($0) }))
        if !answersFirst { answer(batch, stored: false) }
        for partition in owned {
            partitions[partition] = nil
            if !revoked.contains(partition) { assign(partition) }
        }
        guard let member else { return }
        for partition in revoked { world.group.released(partition, by: member) }
    }
}
