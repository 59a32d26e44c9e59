// Calls that failed.

extension PartitionMachine {
    mutating func failed(
        _ token: CallToken,
        _ failure: CallFailure,
        at now: EventTime,
        _ decisions: inout Decisions
    ) {
        let place = token.place
        let isOver = table[place].phase != .finished && table[place].limit <= now.wall.milliseconds
        switch failure {
        case .throttled where token.kind == .download, .account where token.kind == .download:
            // Only a fresh URL is requested with the account's credentials. The poll waits for its budget and its state.
            if isOver { return deadlinePassed(place, at: now, &decisions) }
            pollForURL(place, &decisions)
        case .throttled, .account, .storeUnavailable, .abandoned:
            // Nothing is wrong with the job: it waits for the next turn.
            if isOver { return deadlinePassed(place, at: now, &decisions) }
            if table[place].phase == .finished { return cleanUp(place, uponCommit: false, &decisions) }
            decisions.callsNow.append(call(token.kind, for: place))
        case .transient(let message):
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
        case .unusableFile(let message):
            if isOver { return deadlinePassed(place, at: now, &decisions) }
            unusable(place, token.kind, message, at: now, &decisions)
        case .refusedLocation(let message):
            if table[place].phase == .finished { return dropCleanup(place, &decisions) }
            var record = record(of: place)
            end(&record, .failed, JobError(code: .downloadFailed, message: message), at: now, &decisions)
        }
    }

    /// An error page in place of the file may be temporary, so the file is downloaded again after a growing wait.
    private mutating func unusable(
        _ place: JobTable.Index,
        _ kind: CallKind,
        _ message: String,
        at now: EventTime,
        _ decisions: inout Decisions
    ) {
        table[place].unusableFiles = min(table[place].unusableFiles, .max - 1) + 1
        guard Int(table[place].unusableFiles) >= configuration.maxUnusableFiles else {
            return retryLater(place, kind, message, at: now, &decisions)
        }
        var record = record(of: place)
        if let url = record.blobURL { record.files = [Self.file(at: url, nil)] }
        let error = JobError(code: .downloadFailed, message: message)
        end(&record, .failed, error, at: now, &decisions)
    }

    private mutating func retryLater(
        _ place: JobTable.Index,
        _ kind: CallKind,
        _ message: String,
        at now: EventTime,
        _ decisions: inout Decisions
    ) {
        table[place].failures = min(table[place].failures, .max - 1) + 1
        let wait = backOff.interval(failures: Int(table[place].failures), hash: table[place].hash)
        let id = job(of: place).id
        decisions.reports.append(.callFailed(partition: partition, job: id, kind: kind, message: message))
        rest(place, for: wait, from: now)
    }
}
