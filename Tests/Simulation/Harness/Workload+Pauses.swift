import ExportCore

extension Workload {
    /// Pauses and the commands that end them: one record in every partition, not at the same time.
    mutating func schedulePauses(in world: Simulation) {
        random = SeededRandom(seed: world.options.seed, stream: 9)
        let count = random.index(1...4)
        guard plan.faults.contains(.pauses) else { return }
        var untimed: [PauseTarget] = []
        for _ in 0..<count {
            var pause = JobPause(target: target(), holdsCalls: random.chance(0.5))
            let begin = random.int(0...(plan.chaosEnd - 2))
            let end = min(plan.chaosEnd - 1, begin + random.logarithmic(1_000...(6 * 3_600_000)))
            let isTimed = random.chance(0.4)
            if isTimed { pause.until = Instant(milliseconds: plan.start + end) } else { untimed.append(pause.target) }
            addEverywhere(.pause(pause), at: begin, in: world)
            // A pause that ends by its time may be ended, replaced or repeated before.
            if isTimed, random.chance(0.6) { continue }
            if random.chance(0.3) {
                pause.holdsCalls.toggle()
                addEverywhere(.pause(pause), at: random.int(begin...end), in: world)
            }
            addEverywhere(.resume(random.chance(0.7) ? pause.target : target()), at: random.int(begin...end), in: world)
        }
        // The last word: without it a pause that is named by no other command would last. One with a time must end
        // without a command.
        for partition in 0..<plan.partitions {
            for target in untimed { add(.resume(target), at: plan.chaosEnd, partition, in: world) }
        }
    }

    private mutating func target() -> PauseTarget {
        let isRefused = random.chance(0.1) && plan.faults.contains(.refusal)
        return PauseTarget(
            account: isRefused ? "stranger" : random.pick([nil] + plan.accounts.map { Optional($0) }),
            kind: random.pick([nil, nil, .payments, .transactionHistory])
        )
    }

    private mutating func addEverywhere(_ content: JobInput.Content, at time: Int64, in world: Simulation) {
        for partition in 0..<plan.partitions {
            add(content, at: min(plan.chaosEnd - 1, time + random.int(0...2_000)), partition, in: world)
        }
    }
}
