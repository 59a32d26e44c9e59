import ExportCore

extension Oracle {
    /// Checks the event against the service's exports and the enqueued records.
    func verify(_ event: CompletionEvent, _ life: Life) {
        let id = event.jobID
        guard event.error != nil || event.status != .failed else { return world.fail("\(id) failed without a reason") }
        switch event.status {
        case .completed: verifyCompleted(event)
        case .cancelled:
            let isWanted = (pastArrivals + arrivals.joined()).contains {
                guard case .cancel(id, _) = $0.content else { return false }
                return !isExact || isAmbiguous || $0.offset > life.record.offset
            }
            if !isWanted { world.fail("\(id) is cancelled without a cancel command") }
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
                "\(id), accepted at \(event.times.accepted), is completed with the export of \(export.jobID), attempt \(export.attempt), of a job accepted at \(export.life.map { "\($0)" } ?? "no time")"
            )
        }
        if !export.succeeds { world.fail("\(id) is completed and its export \(requestID) has failed") }
        if plan.configuration.storesFiles {
            if !world.service.stored.contains(file.location) {
                world.fail("\(id) names \(file.location), which is not there")
            }
        } else if export.urls[file.location] == nil {
            world.fail("\(id) names \(file.location), which the service never returned")
        }
    }

    private func verifyFailed(_ event: CompletionEvent, _ life: Life) {
        guard let error = event.error, let job = event.job else { return }
        let id = event.jobID
        let export = event.requestID.flatMap { world.service.export($0) }
        var complaint: String?
        switch error.code {
        case .apiRejected: complaint = job.filter == VirtualService.poison ? nil : "the service did not refuse it"
        case .exportFailed:
            if let export, export.succeeds, export.urlFrom == export.ended { complaint = "the export did not fail" }
            if let export, !export.succeeds, job.adoptedRequestID == nil, event.attempts < job.maxAttempts {
                complaint = "attempts are left"
            }
        case .exportNotFound:
            if let export, export.deletedAt == nil, export.vanishes > world.now { complaint = "the export is there" }
        case .downloadFailed where export.map({ $0.isOutOfReach || $0.pages == .max }) ?? false: break
        // A transfer may take hours and reach its deadline, and so may one that waits for it.
        case .downloadFailed where isSlow(export) || isCrowdedBySlowFiles: break
        case .deadlineExceeded, .downloadFailed:
            if !isAmbiguous, !hasOverwrites, hadTime(event, job) { complaint = "it could have been done in time" }
            if let finished = event.times.finished, finished < deadline(of: job, accepted: event.times.accepted) {
                complaint = "there was time left"
            }
        case .tooLarge: complaint = plan.limits.isBounded ? nil : "its topics accept every size"
        case .invalidJob, .unknownAccount, .unknownJob, .conflictingJob: complaint = "that is a rejection"
        }
        if let complaint { world.fail("\(id) failed with \(error.code): \(complaint)") }
    }

    private func isSlow(_ export: VirtualService.Export?) -> Bool {
        export.map { $0.transferTime > VirtualService.longTransfer } ?? false
    }

    /// Whether long transfers may occupy a worker's slots and its room for suspended downloads.
    var isCrowdedBySlowFiles: Bool {
        world.service.longTransfers >= 2 * plan.configuration.maxConcurrentDownloads
    }

    /// An event carries the offset of a record of its job, and each record is rejected at most once.
    func checkSource(_ event: CompletionEvent) {
        // After a topic was recreated, an offset identifies two records.
        guard !isAmbiguous else { return }
        let source = event.source
        let named = arrivals[Int(source.partition)]
            .filter { $0.offset == source.offset }
            .map(\.content.jobID)
        if !named.contains(event.jobID) {
            world.fail(
                "\(event.jobID) has an event about \(source.partition)/\(source.offset), which names \(named)"
            )
        }
        guard event.status == .rejected else {
            if isExact, let life = lives[event.jobID], life.record.offset != source.offset {
                world.fail("\(event.jobID) began at \(life.record.offset), its event names \(source.offset)")
            }
            return
        }
        if !rejectedRecords.insert(source).inserted, isExact {
            world.fail("record \(source.partition)/\(source.offset) was rejected twice")
        }
    }

    // MARK: The end

    /// Checks the final state.
    func checkEnd() {
        var expectedRejections: [String: (least: Int, most: Int)] = [:]
        for partition in arrivals.indices {
            // With this check disabled, the oracle must detect the consequences.
            let storesOffsets = plan.configuration.safeguards.offsetsInTransaction
            if storesOffsets, !hasOverwrites, world.log.committed[partition] ?? 0 < world.log.jobEnds[partition],
                !arrivals[partition].isEmpty
            {
                world.fail(
                    "partition \(partition) is committed up to \(world.log.committed[partition] ?? -1) of \(world.log.jobEnds[partition])"
                )
            }
            let live = world.log.liveKeys(partition)
            if !live.isEmpty, !hasOverwrites { world.fail("partition \(partition) still remembers \(live)") }
            for arrival in arrivals[partition] { checkEnd(arrival, partition, &expectedRejections) }
        }
        guard !isAmbiguous else { return }
        for id in rejections.keys.sorted() where expectedRejections[id] == nil {
            world.fail("\(id) was rejected for no reason")
        }
        for id in expectedRejections.keys.sorted() {
            let (expected, count) = (expectedRejections[id] ?? (0, 0), rejections[id] ?? 0)
            if count < expected.least || count > expected.most && isExact {
                world.fail("\(id) was rejected \(count) times, expected \(expected.least) to \(expected.most)")
            }
        }
        checkBatchesAtEnd()
        if !hasOverwrites { for id in lives.keys.sorted() { world.fail("\(id) was never forgotten") } }
    }

    private func checkEnd(_ arrival: Arrival, _ partition: Int, _ expected: inout [String: (least: Int, most: Int)]) {
        func expectRejection(_ id: String, least: Int) {
            let known = expected[id] ?? (0, 0)
            expected[id] = (known.least + least, known.most + 1)
        }
        switch arrival.content {
        case .pause, .resume: break
        case .unreadable(let id, _, _, _): if let id { expectRejection(id, least: 1) }
        case .cancel(let id, _):
            // It may have ended a job whose record was refused nevertheless.
            let isUnknown = endedLives[id] == nil && lives[id] == nil && !plan.limits.isBounded
            expectRejection(id, least: isUnknown ? 1 : 0)
        case .export(let job):
            guard plan.accounts.contains(job.account) else { return expectRejection(job.id, least: 1) }
            // Refused for its size, or because its id was taken.
            if plan.limits.isBounded, deadLetters[partition][arrival.offset] != nil {
                // Without transactions a crash after the dead letter lets the job be decided again.
                return expectRejection(job.id, least: isExact ? 1 : 0)
            }
            expectRejection(job.id, least: 0)
            if plan.limits.isBounded, lives[job.id] == nil, endedLives[job.id] == nil, rejections[job.id] != nil {
                return
            }
            // Its batch had ended, had its jobs, or another size.
            if job.batch != nil, rejections[job.id] != nil { return }
            let all = (endedLives[job.id] ?? []) + [lives[job.id]].compactMap { $0 }
            if all.isEmpty { world.fail("\(job.id) was lost") }
            if all.allSatisfy({ $0.event == nil }) { world.fail("\(job.id) has no event") }
        }
    }
}
