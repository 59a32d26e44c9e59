import ExportCore

/// The port between one worker and the log: assignment, restore, delivery, transactions and
/// release, each step at its own time.
final class VirtualPort {
    /// A partition that this worker considers its own.
    struct Partition {
        let epoch: Epoch
        /// The next offset to read; `nil` until the engine starts the partition.
        var next: Int64?
        var isFetching = false
        /// The membership under which the group revoked it. Its release concerns only that membership: a client joins
        /// again only after it has released everything.
        var revokedFrom: VirtualGroup.Member?
        var isRevoked: Bool { revokedFrom != nil }
        /// Records of the jobs partition that was restored.
        var anchors: [JobsMark] = []
        /// The present offset, and the newest delivered record.
        var position: Int64 = 0
        var newest: JobsMark?
    }

    /// The group's metadata: member and generation.
    struct Metadata {
        var member: Int
        var generation: Int
    }

    unowned let worker: any PortHost
    let world: any PortEnvironment
    let delivery: Delivery
    var member: VirtualGroup.Member?
    /// The metadata as the client's own thread knows it.
    private(set) var fresh = Metadata(member: 0, generation: 0)
    /// The metadata of the last rebalance callback.
    private(set) var snapshot = Metadata(member: 0, generation: 0)
    var partitions: [Partition?]
    private var lastEpoch: Epoch = 0
    private var isIntakePaused = false
    let producer: Int
    var producerEpoch = 0
    var commitInFlight: UInt64?
    /// The batch that was refused last, and the number of consecutive refusals.
    var lastRefusal: (batch: UInt64, times: Int) = (0, 0)

    init(_ worker: any PortHost, in world: any PortEnvironment, producer: Int, delivery: Delivery) {
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

    /// - Parameter earliest: no callback is delivered before this time.
    private func join(callbacksFrom earliest: Int64 = 0) {
        var lastDelivery = earliest
        // Not the member: it owns the closure.
        var joined: Int?
        let new = world.group.join { [weak self] callback in
            guard let self, let id = joined else { return }
            let noticed = world.now + world.random.int(0...50)
            lastDelivery = max(lastDelivery, noticed + world.random.int(0...400))
            world.at(noticed) { [weak self] in
                guard let self, fresh.member != id || fresh.generation < callback.generation else { return }
                fresh = Metadata(member: id, generation: callback.generation)
            }
            world.at(lastDelivery) { [weak self] in
                guard let worker = self?.worker else { return }
                worker.run { self?.rebalanced(callback, member: id) }
            }
        }
        joined = new.id
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
                partitions[partition]?.revokedFrom = member
                worker.post(.revoked([Int32(partition)]))
            }
        }
        for partition in callback.assigned { assign(partition) }
        worker.post(.generationChanged)
    }

    /// The session timed out: the worker loses its partitions and joins again as another member.
    func expired() {
        if let member, world.group.isMember(member.id) { return }
        world.trace { "\(self.worker.name): is no member any more, joins again" }
        let delay = world.random.int(0...2_000)
        worker.later(delay) { [self] in
            let lost = partitions.indices.filter { partitions[$0] != nil }
            for partition in lost { partitions[partition] = nil }
            worker.post(.lost(lost.map { Int32($0) }))
        }
        join(callbacksFrom: world.now + delay)
    }

    func leave() {
        if let member { world.group.remove(member) }
        member = nil
    }

    // MARK: Restore

    func assign(_ partition: Int) {
        lastEpoch += 1
        let epoch = lastEpoch
        partitions[partition] = Partition(epoch: epoch)
        worker.post(.assigned(partition: Int32(partition), epoch: epoch))
        worker.later(world.random.int(1...50)) { self.readCommitted(partition, epoch) }
    }

    func isCurrent(_ partition: Int, _ epoch: Epoch) -> Bool { partitions[partition]?.epoch == epoch }

    private func readCommitted(_ partition: Int, _ epoch: Epoch) {
        guard isCurrent(partition, epoch) else { return }
        guard !world.log.hasPendingOffset(partition) else {
            return worker.later(20) { self.readCommitted(partition, epoch) }
        }
        let committed = world.log.committed[partition]
        worker.later(world.random.int(0...50)) { [self] in
            guard isCurrent(partition, epoch) else { return }
            let end = world.log.stateEnds[partition]
            world.restoring(partition, host: worker, from: end)
            readState(partition, epoch, from: 0, to: end, committed: committed)
        }
    }

    private func readState(_ partition: Int, _ epoch: Epoch, from: Int64, to end: Int64, committed: Int64?) {
        guard isCurrent(partition, epoch) else { return }
        let (records, position) = world.log.readState(partition, from: from, limit: world.random.index(1...50))
        if !records.isEmpty { worker.post(.restored(partition: Int32(partition), epoch: epoch, records)) }
        guard position < end else {
            let high = world.log.jobEnds[partition]
            return worker.post(
                .restoreFinished(
                    partition: Int32(partition),
                    epoch: epoch,
                    RestoredEnds(committed: committed, low: 0, high: high)
                )
            )
        }
        worker.later(world.random.int(1...100)) {
            self.readState(partition, epoch, from: position, to: end, committed: committed)
        }
    }

    // MARK: Delivery

    func begin(_ partition: Int, _ epoch: Epoch, from position: JobsPosition) {
        guard isCurrent(partition, epoch) else { return }
        if let reason = discontinuity(partition, at: position.offset, position.marks) {
            return worker.post(.discontinuity(partition: Int32(partition), epoch: epoch, reason))
        }
        partitions[partition]?.next = position.offset
        partitions[partition]?.anchors = position.marks
        partitions[partition]?.position = position.offset
        fetch(partition)
        watchContinuity(partition, epoch)
    }

    func moveAnchor(_ partition: Int) -> JobsMark? {
        guard let slot = partitions[partition], let newest = slot.newest, slot.anchors != [newest] else { return nil }
        partitions[partition]?.anchors = [newest]
        return newest
    }

    /// Notes the newest delivered record. Offsets of one topic only increase, so a lower one is not newer.
    private func delivered(_ partition: Int, _ last: JobInput) {
        guard let slot = partitions[partition], last.offset >= slot.position else { return }
        let newest = last.timestamp.map { JobsMark(offset: last.offset, timestamp: $0) }
        partitions[partition]?.position = last.offset + 1
        partitions[partition]?.newest = newest
        if slot.anchors.isEmpty { partitions[partition]?.anchors = [newest].compactMap { $0 } }
    }

    func halt(_ partition: Int) { partitions[partition]?.next = nil }

    func setIntake(isPaused: Bool) {
        isIntakePaused = isPaused
        if !isPaused { for partition in partitions.indices { fetch(partition) } }
    }

    /// Fetches jobs, if there are any to read.
    func fetch(_ partition: Int) {
        guard let slot = partitions[partition], let wanted = slot.next, !slot.isFetching, !isIntakePaused else {
            return
        }
        // Out of range: librdkafka restarts at the beginning.
        let next = wanted > world.log.jobEnds[partition] ? 0 : wanted
        guard !world.log.readJobs(partition, from: next, limit: 1).isEmpty else { return }
        partitions[partition]?.isFetching = true
        worker.later(world.random.int(1...40)) { [self] in
            guard isCurrent(partition, slot.epoch) else { return }
            partitions[partition]?.isFetching = false
            let inputs = world.log.readJobs(partition, from: next, limit: world.random.index(1...20))
            guard let last = inputs.last else { return }
            partitions[partition]?.next = last.offset + 1
            let limits = world.portSettings.limits
            delivered(partition, last)
            worker.post(
                .received(partition: Int32(partition), epoch: slot.epoch, inputs.map { limits.check($0) })
            )
            fetch(partition)
        }
    }

    // MARK: Release

    func release(_ partition: Int, _ epoch: Epoch) {
        guard let slot = partitions[partition], slot.epoch == epoch else { return }
        partitions[partition] = nil
        guard let member = slot.revokedFrom else { return }
        worker.later(world.random.int(0...20)) { self.world.group.released(partition, by: member) }
    }

    /// The engine has not released a partition in time: it is lost without a last commit.
    func giveUp(_ partition: Int) {
        guard let member = partitions[partition]?.revokedFrom else { return }
        partitions[partition] = nil
        worker.post(.lost([Int32(partition)]))
        world.group.released(partition, by: member)
    }
}
