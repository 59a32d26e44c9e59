import ExportCore

extension Oracle {
    /// Whether the event can be true, by what the service did and what was enqueued.
    func verify(_ event: CompletionEvent, _ life: Life) {
        let id = event.jobID
        guard event.error != nil || event.status != .failed else { return world.fail("\(id) failed without a reason") }
        switch event.status {
        case .completed: verifyCompleted(event)
        case .cancelled:
            let isWanted = arrivals.joined().contains {
                if case .cancel(id, _) = $0.content { !isExact || $0.offset > life.record.offset } else { false }
            }
            if !isWanted { world.fail("\(id) is cancelled and nobody wanted that") }
        case .failed: verifyFailed(event, life)
        case .rejected: break
        }
    }

    private func verifyCompleted(_ event: CompletionEvent) {
        let id = event.jobID
        guard let requestID = event.requestID, let export = world.service.export(requestID),
            let file = event.files.first
        else { return world.fail("\(id) is completed without an export or a file") }
        let isAdopted = event.job?.adoptedRequestID == requestID
        if !isAdopted, export.jobID != id || export.attempt != event.attempts || export.life != event.times.accepted {
            world.fail(
                "\(id), accepted at \(event.times.accepted), is completed with the export of \(export.jobID), attempt \(export.attempt), of a life that began at \(export.life.map { "\($0)" } ?? "no time")"
            )
        }
        if !export.succeeds { world.fail("\(id) is completed and its export \(requestID) has failed") }
        if plan.configuration.storesFiles {
            if !world.service.stored.contains(file.location) {
                world.fail("\(id) names \(file.location), which is not there")
            }
        } else if export.urls[file.location] == nil {
            world.fail("\(id) names \(file.location), which the service never gave out")
        }
    }

    private func verifyFailed(_ event: CompletionEvent, _ life: Life) {
        guard let error = event.error, let job = event.job else { return }
        let id = event.jobID
        let export = event.requestID.flatMap { world.service.export($0) }
        var complaint: String?
        switch error.code {
        case .apiRejected: complaint = job.filter == VirtualService.poison ? nil : "nobody refused it"
        case .exportFailed:
            if let export, export.succeeds, export.urlFrom == export.ended { complaint = "the export did not fail" }
            if let export, !export.succeeds, job.adoptedRequestID == nil, event.attempts < job.maxAttempts {
                complaint = "attempts are left"
            }
        case .exportNotFound:
            if let export, export.deletedAt == nil, export.vanishes > world.now { complaint = "the export is there" }
        case .downloadFailed where export?.isOutOfReach ?? false: break
        case .deadlineExceeded, .downloadFailed:
            let timeout = event.times.accepted.advanced(by: plan.configuration.jobTimeout)
            if hadTime(event, job) { complaint = "it could have been done in time" }
            if let finished = event.times.finished, finished < job.deadline ?? timeout {
                complaint = "there was time left"
            }
        case .invalidJob, .unknownAccount, .unknownJob: complaint = "that is a rejection"
        }
        if let complaint { world.fail("\(id) failed with \(error.code): \(complaint)") }
    }

    // MARK: The end

    /// What must hold when everything has come to rest.
    func checkEnd() {
        var expectedRejections: [String: (least: Int, most: Int)] = [:]
        for partition in arrivals.indices {
            // Left out on purpose, it must be noticed by what it leads to.
            let storesOffsets = plan.configuration.safeguards.offsetsInTransaction
            if storesOffsets, !hasOverwrites, world.log.committed[partition] ?? 0 < world.log.jobEnds[partition],
                !arrivals[partition].isEmpty
            {
                world.fail(
                    "partition \(partition) stands at \(world.log.committed[partition] ?? -1) of \(world.log.jobEnds[partition])"
                )
            }
            let live = world.log.liveKeys(partition)
            if !live.isEmpty, !hasOverwrites { world.fail("partition \(partition) still remembers \(live)") }
            for arrival in arrivals[partition] { checkEnd(arrival, partition, &expectedRejections) }
        }
        for id in rejections.keys.sorted() where expectedRejections[id] == nil {
            world.fail("\(id) was rejected for no reason")
        }
        for id in expectedRejections.keys.sorted() {
            let (expected, count) = (expectedRejections[id] ?? (0, 0), rejections[id] ?? 0)
            if count < expected.least || count > expected.most && isExact {
                world.fail("\(id) was rejected \(count) times, expected \(expected.least) to \(expected.most)")
            }
        }
        if !hasOverwrites { for id in lives.keys.sorted() { world.fail("\(id) was never forgotten") } }
    }

    private func checkEnd(_ arrival: Arrival, _ partition: Int, _ expected: inout [String: (least: Int, most: Int)]) {
        func expectRejection(_ id: String, least: Int) {
            let known = expected[id] ?? (0, 0)
            expected[id] = (known.least + least, known.most + 1)
        }
        switch arrival.content {
        case .unreadable(let id, _, _, _): if let id { expectRejection(id, least: 1) }
        case .cancel(let id, _): expectRejection(id, least: endedLives[id] == nil && lives[id] == nil ? 1 : 0)
        case .export(let job):
            guard plan.accounts.contains(job.account) else { return expectRejection(job.id, least: 1) }
            expectRejection(job.id, least: 0)
            let all = (endedLives[job.id] ?? []) + [lives[job.id]].compactMap { $0 }
            if all.isEmpty { world.fail("\(job.id) was forgotten on the way") }
            if all.allSatisfy({ $0.event == nil }) { world.fail("\(job.id) has no event") }
        }
    }
}
