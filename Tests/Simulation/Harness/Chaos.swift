import ExportCore

/// Random faults of the workers and the log.
struct Chaos {
    private let plan: Plan
    private var random: SeededRandom
    /// The number of drawn faults. Each fault is identified by its number.
    private(set) var strikes = 0

    init(_ plan: Plan, seed: UInt64) {
        self.plan = plan
        random = SeededRandom(seed: seed, stream: 4)
    }

    /// Draws the times of all faults in advance. The affected worker is chosen when a fault occurs.
    mutating func schedule(in world: Simulation) {
        for _ in 0..<random.index(1...25) {
            let time = random.int(0...plan.chaosEnd)
            let fault = random.pick([Faults.crash, .freeze, .freeze, .scaling, .clock, .offsetsLost])
            let duration = random.logarithmic(100...120_000)
            let jump = random.logarithmic(100...3_600_000) * (random.chance(0.5) ? 1 : -1)
            let victim = random.index(0...100)
            strikes += 1
            guard plan.faults.contains(fault), world.options.onlyStrikes?.contains(strikes) ?? true else { continue }
            world.at(time) { [unowned world] in
                Self.strike(fault, victim, duration: duration, jump: jump, in: world)
            }
        }
        for _ in 0..<random.index(0...10) {
            let time = random.int(0...(plan.chaosEnd * 2))
            let partition = random.index(0...(plan.partitions - 1))
            let part = random.int(0...10)
            strikes += 1
            guard plan.faults.contains(.compaction), world.options.onlyStrikes?.contains(strikes) ?? true
            else { continue }
            world.at(time) { [unowned world] in
                let limit = world.log.stateEnds[partition] * part / 10
                world.count(Coverage.name(of: .compaction))
                world.trace { "state \(partition) is compacted below \(limit)" }
                world.log.compact(partition, below: limit, at: world.now)
            }
        }
        // Another loss of offsets when most jobs are forgotten: then few records of the state determine the position.
        let window = plan.configuration.deduplicationWindow.wholeMilliseconds
        let late = plan.chaosEnd + random.int(0...(2 * window + 3_600_000))
        strikes += 1
        let isWanted = world.options.onlyStrikes?.contains(strikes) ?? true
        if random.chance(0.7), plan.faults.contains(.offsetsLost), isWanted {
            world.at(late) { [unowned world] in Self.strike(.offsetsLost, 0, duration: 0, jump: 0, in: world) }
        }
        // A person signs in. Where only a share was refused, enforcement ends without a sign-in.
        for enforcement in world.service.enforcements where enforcement.share == 1 {
            world.at(enforcement.to + 90_000) { [unowned world] in
                for worker in world.living { worker.credentialsChange() }
            }
        }
        for outage in world.service.outages where outage.isLock {
            world.at(outage.to + 90_000) { [unowned world] in for worker in world.living { worker.credentialsChange() }
            }
        }
    }

    private static func strike(_ fault: Faults, _ victim: Int, duration: Int64, jump: Int64, in world: Simulation) {
        let living = world.living
        world.count(Coverage.name(of: fault))
        switch fault {
        case .offsetsLost:
            for worker in living { worker.crash() }
            world.at(world.now + world.plan.sessionTimeout + 1) { [unowned world] in
                guard world.group.members.isEmpty else { return }
                world.count("offsets lost")
                world.log.forgetOffsets()
                guard world.plan.faults.contains(.compaction) else { return }
                for (partition, end) in world.log.stateEnds.enumerated() {
                    world.log.compact(partition, below: end, at: world.now)
                }
            }
        case .scaling where victim % 2 == 0: world.startWorker()
        default:
            guard !living.isEmpty else { return }
            let worker = living[victim % living.count]
            switch fault {
            case .crash: worker.crash()
            case .freeze: worker.freeze(for: duration)
            case .scaling: worker.stop()
            default:
                world.trace { "the clock of \(worker.name) jumps by \(jump) ms" }
                worker.clockOffset += jump
                if worker.isRunning { worker.scheduleTick() }
            }
        }
    }
}
