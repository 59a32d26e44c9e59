import ExportCore

/// Pauses: what is held back between the commit of a pause and the commit of its end, and that a restored partition has
/// exactly the stored ones.
extension Oracle {
    func pausesStored(_ newest: [JobPause], _ partition: Int) {
        if Set(newest.map(\.target)).count < newest.count { world.fail("partition \(partition) has a pause twice") }
        checkLatePauses(partition)
        pauses[partition] = newest
    }

    /// Checks that no pause lasts long after its time.
    private func checkLatePauses(_ partition: Int) {
        guard !hasOverwrites, !isAmbiguous else { return }
        for pause in pauses[partition] {
            if let until = pause.until, isLate(until) {
                world.fail("partition \(partition) is still paused: \(describe(pause))")
            }
        }
    }

    /// Checks that no pause holds the call back.
    func checkPauses(_ call: Call, by worker: WorkerProcess) {
        let partition = Int(call.token.partition)
        // A paused process that has lost the partition cannot know of a newer pause, also where the group has given it back
        // and the process has not restored it since.
        guard worker.owns(partition), restored[partition]?.worker == worker.id, !hasOverwrites else { return }
        let holding = pauses[partition].first { pause in
            guard pause.target.contains(account: call.job.account, kind: call.job.kind) else { return false }
            // By a clock that is ahead its time is over already.
            if let until = pause.until, until <= worker.clock.wall { return false }
            switch call.token.kind {
            case .create: return true
            case .poll, .download: return pause.holdsCalls
            case .delete, .manifest: return false
            }
        }
        guard let holding else { return }
        world.fail(
            "\(worker.name) starts a \(call.token.kind) of \(call.job.id), which is paused: \(describe(holding))"
        )
    }

    /// Checks the pauses with which a worker begins.
    func restored(_ found: [JobPause], _ partition: Int, by worker: WorkerProcess) {
        guard worker.owns(partition), !hasOverwrites else { return }
        let stored = pauses[partition].filter { $0.until.map { $0 > worker.clock.wall } ?? true }
        if found != stored {
            world.fail(
                "\(worker.name) restored the pauses \(found.map { describe($0) }) of \(stored.map { describe($0) })"
            )
        }
    }

    /// Checks the stored pauses against the commands up to this offset. One that has a time may be over.
    func checkPauses(_ partition: Int, upTo offset: Int64) {
        checkLatePauses(partition)
        guard isExact, !isAmbiguous, plan.faults.contains(.pauses) else { return }
        var expected: [JobPause] = []
        for arrival in arrivals[partition] where arrival.offset < offset {
            switch arrival.content {
            case .pause(let pause)
            where plan.limits.permitsPauses && pause.target.account.map(plan.accounts.contains) ?? true:
                expected.removeAll { $0.target == pause.target }
                expected.append(pause)
            case .resume(let target): expected.removeAll { target.contains($0.target) }
            default: break
            }
        }
        for pause in pauses[partition] where !expected.contains(where: { $0.isSameCommand(as: pause) }) {
            world.fail("partition \(partition) is paused without a command: \(describe(pause))")
        }
        for pause in expected
        where pause.until == nil && !pauses[partition].contains(where: { $0.isSameCommand(as: pause) }) {
            world.fail("partition \(partition) is not paused: \(describe(pause))")
        }
    }
}

extension JobPause {
    fileprivate func isSameCommand(as other: JobPause) -> Bool {
        var other = other
        other.since = since
        return self == other
    }
}
