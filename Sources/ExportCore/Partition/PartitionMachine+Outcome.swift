extension PartitionMachine {
    // MARK: Answers

    /// Applies the answer to a call. The caller has checked the epoch.
    mutating func finished(_ token: CallToken, _ result: CallResult, at now: EventTime, _ decisions: inout Decisions) {
        guard token.kind != .manifest else { return manifestAnswered(token, result, at: now, &decisions) }
        let place = token.place
        guard table.contains(place), table[place].callID == token.callID, table[place].activity == .inFlight else {
            return
        }
        table[place].activity = .idle
        if case .failed(let failure) = result {
            return failed(token, failure, at: now, &decisions)
        }
        // Once the file is known to be ready, only its delivery counts as a success.
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
        at now: EventTime,
        _ decisions: inout Decisions
    ) {
        switch result {
        case .created(let requestID): created(place, requestID, at: now, &decisions)
        case .polled(let status, let url, let expiresAt, let requested):
            polled(place, status, url, expiresAt, requested, at: now, &decisions)
        case .notFound: missing(place, at: now, &decisions)
        case .stored(let file):
            var record = record(of: place)
            record.files = [file]
            record.cleanup = configuration.deletesAfterDownload && !table[place].adopted ? .delete : .none
            end(&record, .completed, nil, at: now, &decisions)
        case .urlExpired: pollForURL(place, &decisions)
        case .deleted, .notDeletableYet, .failed: schedulePoll(place, at: now, &decisions)
        }
    }

    private mutating func created(
        _ place: JobTable.Index,
        _ requestID: String,
        at now: EventTime,
        _ decisions: inout Decisions
    ) {
        guard table[place].phase == .submitting else { return schedulePoll(place, at: now, &decisions) }
        var record = record(of: place)
        record.phase = .waiting
        record.requestID = requestID
        record.times.submitted = now.wall
        decisions.refusals.append(false)
        guard table[place].limit > now.wall.milliseconds else {
            return end(&record, .failed, deadlineError(record), at: now, &decisions)
        }
        decide(record, &decisions)
        schedulePoll(place, at: now, &decisions)
    }

    private mutating func polled(
        _ place: JobTable.Index,
        _ status: ExportStatus,
        _ url: String?,
        _ expiresAt: Instant?,
        _ requested: Instant?,
        at now: EventTime,
        _ decisions: inout Decisions
    ) {
        table[place].notFoundOnce = false
        switch status {
        case .queued, .processing, .unknown:
            table[place].anomalousPolls = 0
            schedulePoll(place, at: now, &decisions)
        case .failed: exportFailed(place, at: now, &decisions)
        case .completed:
            guard let url, !url.isEmpty else { return completedWithoutURL(place, at: now, &decisions) }
            var record = record(of: place)
            if record.times.ready == nil {
                record.times.ready = now.wall
                // An adopted export can be older than its job, and so are its figures.
                if table[place].adopted, let requested { record.times.submitted = min(requested, now.wall) }
            }
            guard configuration.storesFiles else {
                record.files = [Self.file(at: url, expiresAt)]
                return end(&record, .completed, nil, at: now, &decisions)
            }
            record.phase = .ready
            record.blobURL = url
            guard table[place].limit > now.wall.milliseconds else {
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

    /// Requests a fresh URL.
    mutating func pollForURL(_ place: JobTable.Index, _ decisions: inout Decisions) {
        table[place].failures = min(table[place].failures, .max - 1) + 1
        decisions.callsNow.append(call(.poll, for: place))
    }

    /// Uses a fresh URL at once, unless earlier ones failed too: then after a growing wait.
    private mutating func downloadAgain(
        _ place: JobTable.Index,
        at now: EventTime,
        _ decisions: inout Decisions
    ) {
        let failures = Int(table[place].failures)
        guard failures > 1 else { return decisions.callsNow.append(call(.download, for: place)) }
        let wait = backOff.interval(failures: failures - 1, hash: table[place].hash)
        rest(place, for: wait, from: now)
    }

    private mutating func completedWithoutURL(
        _ place: JobTable.Index,
        at now: EventTime,
        _ decisions: inout Decisions
    ) {
        table[place].anomalousPolls = min(table[place].anomalousPolls, .max - 1) + 1
        guard Int(table[place].anomalousPolls) >= configuration.maxPollsWithoutURL else {
            return schedulePoll(place, at: now, &decisions)
        }
        var record = record(of: place)
        let message =
            "The service reports the export as completed without a file, \(table[place].anomalousPolls) times in a row. Look for it under the requestId in the portal, or enqueue the job again under a new jobId."
        end(&record, .failed, JobError(code: .exportFailed, message: message), at: now, &decisions)
    }

    private mutating func exportFailed(_ place: JobTable.Index, at now: EventTime, _ decisions: inout Decisions) {
        let entry = table[place]
        var record = record(of: place)
        decisions.reports.append(
            .attemptFailed(partition: partition, job: record.job.id, attempt: record.attempt)
        )
        guard entry.limit > now.wall.milliseconds else {
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

    /// 404 for an export. Accepted only when it is reported twice: the service may not show an export
    /// everywhere right after it accepted the request.
    private mutating func missing(_ place: JobTable.Index, at now: EventTime, _ decisions: inout Decisions) {
        guard table[place].notFoundOnce else {
            table[place].notFoundOnce = true
            return rest(place, for: configuration.pollMinInterval.wholeMilliseconds, from: now)
        }
        var record = record(of: place)
        let message =
            "The service knows no export '\(record.requestID ?? "")' any more: it was deleted, in the portal or by another program. Enqueue the job again under a new jobId."
        end(&record, .failed, JobError(code: .exportNotFound, message: message), at: now, &decisions)
    }

    // MARK: Ends

    /// The one place where a job ends: its record, its event, and the cleanup afterwards.
    mutating func end(
        _ record: inout JobRecord,
        _ status: JobStatus,
        _ error: JobError?,
        at now: EventTime,
        _ decisions: inout Decisions
    ) {
        record.phase = .finished
        record.status = status
        record.error = error
        record.blobURL = nil
        let known = table.find(record.job.id)
        record.times.finished = now.wall
        let isInFlight = known.map { table[$0].activity == .inFlight } ?? false
        if let transfer = known.flatMap({ transfer(of: $0) }) { decisions.cancellations.append(transfer) }
        let place = decide(record, &decisions)
        if let event = CompletionEvent(record, partition: partition) {
            decisions.records.append(.event(partition: partition, event))
            decisions.reportsUponCommit.append(.ended(partition: partition, event: event))
        }
        if let batch = table.batch(of: place) { endIfDone(batch: batch, at: now, &decisions) }
        // The answer to a POST in flight is awaited, because it names the export to delete. No other answer is needed.
        if isInFlight, record.cleanup == .findThenDelete {
            return table.armLimit(place)
        }
        table[place].activity = .idle
        table[place].callID = 0
        cleanUp(place, uponCommit: true, &decisions)
    }

    /// The transfer that is in flight for the job, if one is.
    func transfer(of place: JobTable.Index) -> CallToken? {
        let entry = table[place]
        guard entry.activity == .inFlight, entry.isTransferring else { return nil }
        return CallToken(
            partition: partition,
            epoch: epoch,
            place: place,
            callID: entry.callID,
            kind: .download,
            account: entry.account
        )
    }

    func deadlineError(_ record: JobRecord) -> JobError {
        if record.phase == .ready {
            return JobError(
                code: .downloadFailed,
                message:
                    "The file was ready at the service and could not be stored before the job's deadline. Fetch it from the location given while that works, or enqueue a job with this requestId to have it delivered."
            )
        }
        let next =
            record.requestID == nil
            ? "Enqueue the job again under a new jobId with a later deadline."
            : "The export continues at the service: enqueue a job with this requestId to have its file delivered."
        return JobError(
            code: .deadlineExceeded,
            message: "The job's deadline passed before its export was done. \(next)"
        )
    }

    mutating func deadlinePassed(_ place: JobTable.Index, at now: EventTime, _ decisions: inout Decisions) {
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
