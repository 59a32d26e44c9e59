import ExportCore

extension Workload {
    /// The most records of jobs of one batch; each has a number of its own among the jobs.
    static let jobsPerBatch = 16

    /// Enqueues the jobs of a batch: usually all, sometimes fewer or more, some with another size, repeated, refused or
    /// cancelled.
    mutating func scheduleBatch(_ number: Int, in world: Simulation) {
        random = SeededRandom(seed: world.options.seed, stream: 100_000 + UInt64(number))
        let batch = JobBatch(id: "batch-\(number)", size: random.pick([1, 2, 3, 5, 12]))
        let partition = random.index(0...(plan.partitions - 1))
        let begin = random.int(0...plan.arrivalEnd)
        let spread = random.logarithmic(1...plan.arrivalEnd)
        let count: Int
        switch random.index(0...9) {
        case 0, 1: count = max(1, batch.size - random.index(1...3))
        case 2: count = batch.size + random.index(1...3)
        default: count = batch.size
        }
        // Another batch of the same id, after the first is forgotten or before.
        let isUsedAgain = random.chance(0.15)
        let later = begin + random.logarithmic(1_000...(40 * 3_600_000))
        for member in 0..<count {
            let first = plan.jobs + number * Self.jobsPerBatch
            guard world.options.onlyJobs?.contains(first + member) ?? true else { continue }
            random = SeededRandom(seed: world.options.seed, stream: 100_100 + UInt64(first + member))
            let time = begin + random.int(0...spread)
            scheduleMember(member, of: batch, at: time, partition, in: world)
            guard isUsedAgain else { continue }
            var again = ExportJob(id: "\(batch.id)-again-\(member)", kind: .payments)
            again.batch = batch
            add(.export(again), at: later + random.int(0...10_000), partition, in: world)
        }
    }

    private mutating func scheduleMember(
        _ member: Int,
        of batch: JobBatch,
        at time: Int64,
        _ partition: Int,
        in world: Simulation
    ) {
        let isRefused = random.chance(0.1) && plan.faults.contains(.refusal)
        var job = job("\(batch.id)-\(member)", at: time, isPoisoned: isRefused && random.chance(0.5))
        job.batch = batch
        if random.chance(0.05) { job.batch?.size += 1 }
        if isRefused, job.filter != VirtualService.poison {
            job.account = "stranger"
            return add(.export(job), at: time, partition, in: world)
        }
        add(.export(job), at: time, partition, in: world)
        scheduleMore(job, at: time, partition, in: world)
    }
}
