import ExportCore

/// Deletes and recreates jobs partitions, and recovers them as an operator does.
enum Recreation {
    /// The worker id of records that an operator writes.
    static let operatorID = -1

    static func schedule(in world: Simulation) {
        var random = SeededRandom(seed: world.options.seed, stream: 6)
        for number in 0..<random.index(1...3) {
            let time = random.int(0...world.plan.arrivalEnd)
            let partition = random.index(0...(world.plan.partitions - 1))
            let refill = random.int(0...20)
            world.at(time) { [unowned world] in recreate(partition, number, refill, in: world) }
        }
    }

    /// - Parameter refill: jobs that are enqueued at once, below or beyond the old offsets.
    private static func recreate(_ partition: Int, _ number: Int, _ refill: Int64, in world: Simulation) {
        world.trace { "jobs \(partition) is deleted and created again" }
        world.count("recreated")
        world.log.recreateJobs(partition)
        world.oracle.recreated(partition)
        for job in 0..<refill {
            let id = "again-\(number)-\(job)"
            world.at(world.now + job * 3) { [unowned world] in
                world.enqueue(.export(ExportJob(id: id, kind: .payments)), partition: partition)
            }
        }
    }

    /// Does what `topics recover --from beginning` does for a partition that a worker has stopped.
    static func recover(_ partition: Int, in world: Simulation) {
        var state = StateInspection(partition: Int32(partition))
        for record in world.log.readState(partition, from: 0, limit: .max).records { state.apply(record) }
        let ends = RestoredEnds(
            committed: world.log.committed[partition],
            low: 0,
            high: world.log.jobEnds[partition]
        )
        let isReplaced = state.position.marks.first.map { !world.log.holdsJob($0, partition) } ?? false
        guard state.stopReason(ends) != nil || isReplaced else { return }
        world.trace { "an operator has jobs \(partition) read from the beginning" }
        world.count("recovered")
        let record = state.recovery(from: 0, timestamp: nil, stateStart: 0)
        world.log.write([.state(partition: Int32(partition), record)], worker: operatorID, at: world.now)
    }
}
