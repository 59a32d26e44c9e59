import ExportCore

/// The records that other systems enqueue: jobs in bursts and singly, repeated, cancelled, refused and invalid ones.
struct Workload {
    let plan: Plan
    var random: SeededRandom
    private let service: VirtualService

    init(_ plan: Plan, seed: UInt64, service: VirtualService) {
        self.plan = plan
        self.service = service
        random = SeededRandom(seed: seed, stream: 5)
    }

    mutating func schedule(in world: Simulation) {
        let isBurst = random.chance(0.3)
        let poisoned = random.chance(0.2) ? 0.9 : 0.1
        for number in 0..<plan.jobs {
            guard world.options.onlyJobs?.contains(number) ?? true else { continue }
            // A stream for each job, so that leaving out jobs does not change the others.
            random = SeededRandom(seed: world.options.seed, stream: 1_000 + UInt64(number))
            let time = isBurst ? 500 : random.int(0...plan.arrivalEnd)
            var partition = random.index(0...(plan.partitions - 1))
            if random.chance(0.1) { partition = 0 }
            let isRefused = random.chance(poisoned) && plan.faults.contains(.refusal)
            let job = job("job-\(number)", at: time, isPoisoned: isRefused && random.chance(0.7))
            if isRefused, job.filter != VirtualService.poison {
                scheduleInvalid(job, at: time, partition, in: world)
            } else {
                add(.export(job), at: time, partition, in: world)
                scheduleMore(job, at: time, partition, in: world)
            }
        }
        if random.chance(0.5), plan.faults.contains(.cancel) {
            add(.cancel(id: "unused", trace: nil), at: random.int(0...plan.arrivalEnd), 0, in: world)
        }
        for number in 0..<plan.batches { scheduleBatch(number, in: world) }
        schedulePauses(in: world)
    }

    func add(_ content: JobInput.Content, at time: Int64, _ partition: Int, in world: Simulation) {
        world.at(time) { [unowned world] in world.enqueue(content, partition: partition) }
    }

    mutating func job(_ id: String, at time: Int64, isPoisoned: Bool) -> ExportJob {
        var job = ExportJob(id: id, kind: random.pick(ExportKind.allCases), account: random.pick(plan.accounts))
        job.maxAttempts = random.index(1...3)
        job.filter = isPoisoned ? VirtualService.poison : random.pick([nil, "paymentAmount gt 5"])
        if random.chance(0.3) { job.metadataJSON = "{\"n\":\"\(random.index(0...99))\"}" }
        if plan.faults.contains(.oversized), job.metadataJSON != nil {
            job.metadataJSON = "{\"n\":\"" + String(repeating: "n", count: time % 2 == 0 ? 600 : 2_000) + "\"}"
        }
        let (hasNotBefore, hasDeadline) = (random.chance(0.2), random.chance(0.3))
        let notBefore = plan.start + time + random.logarithmic(1_000...7_200_000)
        let deadline = plan.start + time + random.logarithmic(1_000...(24 * 3_600_000)) - 500
        let adopts = random.chance(0.15)
        let adoptsNothing = random.chance(0.2)
        guard plan.faults.contains(.timing) else { return job }
        if hasNotBefore { job.notBefore = Instant(milliseconds: notBefore) }
        if hasDeadline { job.deadline = Instant(milliseconds: deadline) }
        if adopts, !isPoisoned {
            job.adoptedRequestID = adoptsNothing ? "nothing" : service.create("portal-\(id)", 0, life: nil, at: time)
        }
        return job
    }

    /// An unreadable document or an unknown account.
    private mutating func scheduleInvalid(_ job: ExportJob, at time: Int64, _ partition: Int, in world: Simulation) {
        var job = job
        switch random.index(0...2) {
        case 0:
            job.account = "stranger"
            add(.export(job), at: time, partition, in: world)
        case 1:
            let details = [FieldError(field: "kind", message: "is missing")]
            let content = JobInput.Content.unreadable(jobID: job.id, reason: "no job", details: details, trace: nil)
            add(content, at: time, partition, in: world)
        default:
            add(.unreadable(jobID: nil, reason: "no JSON", details: [], trace: nil), at: time, partition, in: world)
        }
    }

    /// Repetitions of the job, other jobs with its id, a cancel command.
    mutating func scheduleMore(_ job: ExportJob, at time: Int64, _ partition: Int, in world: Simulation) {
        let repeats = random.chance(0.3) ? random.index(1...3) : 0
        for _ in 0..<repeats {
            var again = job
            if random.chance(0.3) { again.filter = "paymentAmount gt 7" }
            again.trace = TraceContext(parent: "00-\(random.next())")
            let later = time + random.logarithmic(1...(40 * 3_600_000))
            if plan.faults.contains(.repetition) { add(.export(again), at: later, partition, in: world) }
        }
        let (cancels, later) = (random.chance(0.25), time + random.logarithmic(1...(12 * 3_600_000)))
        if cancels, plan.faults.contains(.cancel) {
            add(.cancel(id: job.id, trace: nil), at: later, partition, in: world)
        }
    }
}
