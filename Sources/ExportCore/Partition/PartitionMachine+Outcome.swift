extension PartitionMachine {
    // MARK: Answers

    /// Takes the answer to a call. The caller has checked the epoch.
    mutating func finished(_ token: CallToken, _ result: CallResult, at now: Instant, _ decisions: inout Decisions) {
        let place = token.place
        guard table.contains(place), table[place].ticket == token.ticket, table[place].activity == .inFlight else {
            return
        }
        table[place].activity = .idle
        if case .failed(let failure) = result {
            return failed(token, failure, at: now, &decisions)
        }
        // With a file that is known to be ready, only its arrival is a success.
        if table[place].phase != .ready { table[place].failures = 0 }
        if table[place].phase == .finished {
            cleanupAnswered(place, token.kind, result, at: now, &decisions)
        } else {
            answered(place, result, at: now, &decisions)
        }
    }

    private mutating func answered(
        _ place: JobTable.Index,
        _ result: CallResult,
        at now: Instant,
        _ decisions: inout Decisions
    ) {
        switch result {
        case .created(let requestID): created(place, requestID, at: now, &decisions)
        case .seen(let status, let url, let expiresAt):
            seen(place, status, url, expiresAt, at: now, &decisions)
        case .notFound: missing(place, at: now, &decisions)
        case .stored(let file):
            var record = record(of: place)
            record.files = [file]
            record.cleanup = configuration.deletesAfterDownload ? .delete : .none
            end(&record, .completed, nil, at: now, &decisions)
        case .urlExpired:
            table[place].failures = min(table[place].failures, .max - 1) + 1
            decisions.callsNow.append(call(.poll, for: place))
        case .deleted, .notDeletableYet, .failed: look(place, at: now, &decisions)
        }
    }

    private mutating func created(
        _ place: JobTable.Index,
        _ requestID: String,
        at now: Instant,
        _ decisions: inout Decisions
    ) {
        guard table[place].phase == .submitting else { return look(place, at: now, &decisions) }
        var record = record(of: place)
        record.phase = .waiting
        record.requestID = requestID
        record.times.submitted = now
        decisions.refusals.append(false)
        guard table[place].deadline > now.milliseconds else {
            return end(&record, .failed, deadlineError(record), at: now, &decisions)
        }
        decide(record, &decisions)
        look(place, at: now, &decisions)
    }

    private mutating func seen(
        _ place: JobTable.Index,
        _ status: ExportStatus,
        _ url: String?,
        _ expiresAt: Instant?,
        at now: Instant,
        _ decisions: inout Decisions
    ) {
        switch status {
        case .queued, .processing, .unknown:
            table[place].oddLooks = 0
            look(place, at: now, &decisions)
        case .failed: exportFailed(place, at: now, &decisions)
        case .completed:
            guard let url, !url.isEmpty else { return completedWithoutURL(place, at: now, &decisions) }
            var record = record(of: place)
            if record.times.ready == nil { record.times.ready = now }
            guard configuration.storesFiles else {
                record.files = [Self.file(at: url, expiresAt)]
                return end(&record, .completed, nil, at: now, &decisions)
            }
            record.phase = .ready
            record.blobURL = url
            guard table[place].deadline > now.milliseconds else {
                return end(&record, .failed, deadlineError(record), at: now, &decisions)
            }
            // A fresh URL for a file that is known to be ready announces nothing new.
            if table[place].phase == .ready {
                apply(.job(record))
                downloadAgain(place, at: now, &decisions)
            } else {
                decide(record, &decisions)
                decisions.callsUponCommit.append(call(.download, for: place))
            }
        }
    }

    /// A fresh URL is used at once, but not one after the other when none of them works.
    private mutating func downloadAgain(
        _ place: JobTable.Index,
        at now: Instant,
        _ decisions: inout Decisions
    ) {
        let failures = Int(table[place].failures)
        guard failures > 1 else { return decisions.callsNow.append(call(.download, for: place)) }
        let wait = backOff.interval(failures: failures - 1, hash: table[place].hash)
        rest(place, until: now.advanced(by: .milliseconds(wait)).milliseconds)
    }

    private mutating func completedWithoutURL(
        _ place: JobTable.Index,
        at now: Instant,
        _ decisions: inout Decisions
    ) {
        table[place].oddLooks = min(table[place].oddLooks, .max - 1) + 1
        guard Int(table[place].oddLooks) >= configuration.maxLooksWithoutURL else {
            return look(place, at: now, &decisions)
        }
        var record = record(of: place)
        let message =
            "The service calls the export completed and names no file, \(table[place].oddLooks) times in a row. Look for it under the requestId in the portal, or enqueue the job again under a new jobId."
        end(&record, .failed, JobError(code: .exportFailed, message: message), at: now, &decisions)
    }

    private mutating func exportFailed(_ place: JobTable.Index, at now: Instant, _ decisions: inout Decisions) {
        let entry = table[place]
        var record = record(of: place)
        decisions.reports.append(
            .attemptFailed(partition: partition, job: record.job.id, attempt: record.attempt)
        )
        guard entry.deadline > now.milliseconds else {
            return end(&record, .failed, deadlineError(record), at: now, &decisions)
        }
        if !entry.adopted, entry.attempt < entry.maxAttempts {
            return submit(&record, attempt: record.attempt + 1, &decisions)
        }
        let message =
            entry.adopted
            ? "The service ended the adopted export as Failed. Enqueue a job without requestId to queue a new export."
            : "The service ended \(record.attempt) export(s) of this job as Failed, which is all that maxAttempts permits. Narrow the filter or enqueue the job again later under a new jobId."
        end(&record, .failed, JobError(code: .exportFailed, message: message), at: now, &decisions)
    }

    /// 404 for an export. Believed when it is said twice: a service that has just taken a request
    /// may not show it at once everywhere.
    private mutating func missing(_ place: JobTable.Index, at now: Instant, _ decisions: inout Decisions) {
        table[place].oddLooks = min(table[place].oddLooks, .max - 1) + 1
        guard table[place].oddLooks >= 2 else {
            return rest(place, until: now.advanced(by: configuration.pollMinInterval).milliseconds)
        }
        var record = record(of: place)
        let message =
            "The service knows no export '\(record.requestID ?? "")' any more: it was deleted, in the portal or by another program. Enqueue the job again under a new jobId."
        end(&record, .failed, JobError(code: .exportNotFound, message: message), at: now, &decisions)
    }

    // MARK: Failed calls

    private mutating func failed(
        _ token: CallToken,
        _ failure: CallFailure,
        at now: Instant,
        _ decisions: inout Decisions
    ) {
        let place = token.place
        let isOver = table[place].phase != .finished && table[place].deadline <= now.milliseconds
        switch failure {
        case .throttled, .account, .abandoned:
            // Nothing is wrong with the job: it waits for the account's next turn.
            if isOver { return deadlinePassed(place, at: now, &decisions) }
            if table[place].phase == .finished { return cleanUp(place, uponCommit: false, &decisions) }
            decisions.callsNow.append(call(token.kind, for: place))
        case .passing(let message):
            if isOver { return deadlinePassed(place, at: now, &decisions) }
            retryLater(place, token.kind, message, at: now, &decisions)
        case .refused(let message):
            if table[place].phase == .finished {
                return dropCleanup(place, &decisions)
            }
            var record = record(of: place)
            let code: JobErrorCode = token.kind == .download ? .downloadFailed : .apiRejected
            if token.kind == .create { decisions.refusals.append(true) }
            if code == .downloadFailed, let url = record.blobURL { record.files = [Self.file(at: url, nil)] }
            end(&record, .failed, JobError(code: code, message: message), at: now, &decisions)
        }
    }

    private mutating func retryLater(
        _ place: JobTable.Index,
        _ kind: CallKind,
        _ message: String,
        at now: Instant,
        _ decisions: inout Decisions
    ) {
        table[place].failures = min(table[place].failures, .max - 1) + 1
        let wait = backOff.interval(failures: Int(table[place].failures), hash: table[place].hash)
        let id = table.arena.withBytes(table[place].spec) { JobSpecCodec.decode($0).id }
        decisions.reports.append(.callFailed(partition: partition, job: id, kind: kind, message: message))
        rest(place, until: now.advanced(by: .milliseconds(wait)).milliseconds)
    }

    // MARK: Ends

    /// The one place where a job ends: the record, its event, and what is to be deleted afterwards.
    mutating func end(
        _ record: inout JobRecord,
        _ status: JobStatus,
        _ error: JobError?,
        at now: Instant,
        _ decisions: inout Decisions
    ) {
        record.phase = .finished
        record.status = status
        record.error = error
        record.times.finished = now
        record.blobURL = nil
        let underWay = table.find(record.job.id).map { table[$0].activity == .inFlight } ?? false
        let place = decide(record, &decisions)
        if let event = CompletionEvent(record) {
            decisions.records.append(.event(partition: partition, event))
            decisions.reportsUponCommit.append(.ended(partition: partition, event: event))
        }
        // A POST that is under way answers first: its answer names what is to be deleted. Any other
        // answer is of no interest any more.
        if underWay, record.cleanup == .findThenDelete {
            return table.setTimer(place, to: windowEnd(table[place]))
        }
        table[place].activity = .idle
        table[place].ticket = 0
        cleanUp(place, uponCommit: true, &decisions)
    }

    func deadlineError(_ record: JobRecord) -> JobError {
        if record.phase == .ready {
            return JobError(
                code: .downloadFailed,
                message:
                    "The file was ready at the service and could not be brought into the file store before the job's deadline. Fetch it from the location given while that works, or enqueue a job with this requestId to have it delivered."
            )
        }
        let next =
            record.requestID == nil
            ? "Enqueue the job again under a new jobId with a later deadline."
            : "The export goes on at the service: enqueue a job with this requestId to have its file delivered."
        return JobError(
            code: .deadlineExceeded,
            message: "The job's deadline passed before its export was done. \(next)"
        )
    }

    mutating func deadlinePassed(_ place: JobTable.Index, at now: Instant, _ decisions: inout Decisions) {
        var record = record(of: place)
        let error = deadlineError(record)
        if record.phase == .ready, let url = record.blobURL { record.files = [Self.file(at: url, nil)] }
        end(&record, .failed, error, at: now, &decisions)
    }

    /// The service's own URL as a completion event's file.
    ///
    /// - Parameter expiresAt: When it stops working; what the URL itself says unless given.
    static func file(at url: String, _ expiresAt: Instant?) -> ExportFile {
        var path = url.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        while path.last == UInt8(ascii: "/") { path.removeLast() }
        let start = path.lastIndex(of: UInt8(ascii: "/")).map { path.index(after: $0) } ?? path.startIndex
        let name = String(Substring(path[start...]))
        return ExportFile(
            location: url,
            stored: false,
            fileName: name,
            expiresAt: expiresAt ?? Instant(expiryOfSASURL: url)
        )
    }
}
