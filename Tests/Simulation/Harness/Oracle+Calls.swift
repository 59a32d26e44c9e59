import ExportCore

extension Oracle {
    // MARK: Calls

    func called(_ call: Call, by worker: WorkerProcess) {
        let id = call.job.id
        // The state known to a zombie may be older than the stored one, but never newer.
        let life = lives[id] ?? endedLives[id]?.last
        let phase = life?.record.phase
        checkPauses(call, by: worker)
        switch call.token.kind {
        case .create:
            world.count("POST")
            let intent = Intent(attempt: call.attempt, life: call.accepted)
            let known = (endedLives[id] ?? []) + [lives[id]].compactMap { $0 }
            if !known.contains(where: { $0.intents.contains(intent) }) {
                world.fail("a POST for attempt \(call.attempt) of \(id) without a stored intent")
            }
        case .delete where call.requestID != nil && call.requestID == call.job.adoptedRequestID:
            world.fail("a DELETE for the export that \(id) adopted and did not create")
        case .delete where hasOverwrites, .download where hasOverwrites: break
        case .delete: if phase != .finished { world.fail("a DELETE for \(id), whose end is not stored") }
        case .download:
            if phase != .ready, phase != .finished { world.fail("a download for \(id), which is not stored as ready") }
        case .manifest:
            if isExact, let id = call.batch?.batch.id, batches.open[id]?.record == nil {
                world.fail("a manifest of batch \(id), whose end is not stored")
            }
        case .poll: break
        }
        guard !call.token.kind.isTransfer else { return }
        // The fleet's budget for ten seconds, a full bucket for each worker, and another for each that starts.
        let window: Int64 = 10_000
        var recent = budgets[call.job.account, default: []]
        recent.append(world.now)
        recent.removeAll { $0 <= world.now - window }
        budgets[call.job.account] = recent
        let rate = plan.configuration.requestsPerSecond.first ?? 20
        let started = starts.count { $0 > world.now - 4 * window }
        let limit = rate * Double(window) / 1_000 + (rate + 1) * Double(1 + started) + 2 * Double(world.living.count)
        guard Double(recent.count) > limit, !isUnsettled else { return }
        world.fail("\(recent.count) calls in ten seconds for \(call.job.account), where \(limit) are permitted")
    }

    /// Whether zombies use the budget of others, or clocks are wrong.
    private var isUnsettled: Bool {
        !plan.faults.isDisjoint(with: [.freeze, .clock]) && world.now < plan.chaosEnd + 60_000
    }
}
