/// Manifests: the document of a batch's event as a file of its own in the file store, stored before the event is published.
///
/// The batch's end is recorded first. From that commit on its members are fixed and their ends are stored, so every worker
/// that stores the manifest, after a crash too, writes the same bytes under the same key. The event and the
/// record that it is published follow in one transaction, in which the file's location is known. Without this order a
/// consumer could read the event and find no manifest, or the one of another decision.
extension PartitionMachine {
    /// Ends a batch whose event waits for its manifest.
    mutating func close(_ place: JobBatchTable.Index, _ event: JobBatchEvent, _ decisions: inout Decisions) {
        decide(JobBatchRecord(batch: event.batch, status: event.status, ended: event.ended, published: nil), &decisions)
        decisions.batchEnds.callsUponCommit.append(callManifest(place))
    }

    // MARK: The call

    /// Makes the call that stores the manifest; an earlier one becomes stale.
    private mutating func callManifest(_ place: JobBatchTable.Index) -> CallToken {
        let callID = nextCallID()
        batches.queueCall(callID, of: place)
        // The slots for transfers are shared by account. A batch may have jobs of several; its first job's account counts.
        let account = batches[place].members.first.map { table[$0].account } ?? 0
        return CallToken(
            partition: partition,
            epoch: epoch,
            place: place,
            callID: callID,
            kind: .manifest,
            account: Int(account) < configuration.accounts.count ? account : 0
        )
    }

    func isLiveManifest(_ token: CallToken) -> Bool {
        batches.contains(token.place) && batches[token.place].callID == token.callID
            && batches[token.place].activity == .queued
    }

    /// The call to send now.
    mutating func startManifest(_ token: CallToken) -> Call? {
        let place = token.place
        guard let record = batches[place].record, let first = batches[place].members.first else { return nil }
        batches.startCall(of: place)
        var call = Call(
            token: token,
            job: job(of: first),
            attempt: 0,
            accepted: Instant(milliseconds: table[first].accepted)
        )
        call.batch = event(ofBatch: place, ended: record.ended)
        return call
    }

    mutating func manifestAnswered(
        _ token: CallToken,
        _ result: CallResult,
        at now: EventTime,
        _ decisions: inout Decisions
    ) {
        let place = token.place
        guard batches.contains(place), batches[place].callID == token.callID, batches[place].activity == .inFlight,
            let record = batches[place].record
        else { return }
        switch result {
        case .stored(let file):
            var event = event(ofBatch: place, ended: record.ended)
            event.manifestLocation = file.location
            publish(event, at: now, &decisions)
        case .failed(.storeUnavailable), .failed(.abandoned), .failed(.throttled), .failed(.account):
            // The file store's state decides when the next one may start.
            decisions.callsNow.append(callManifest(place))
        case .failed(.transient(let message)):
            let failures = batches.countFailure(of: place)
            let wait = backOff.interval(failures: failures, hash: PollPace.mix(token.callID, UInt32(failures)))
            batches.setWake(place, to: now.monotonic.advanced(by: .milliseconds(wait)))
            decisions.reports.append(
                .manifestFailed(partition: partition, batch: record.batch.id, message: message)
            )
        default: publishWithoutManifest(place, record, at: now, &decisions)
        }
    }

    /// The manifest could not be stored, for good or for as long as the jobs of the batch may take: the event says so.
    private mutating func publishWithoutManifest(
        _ place: JobBatchTable.Index,
        _ record: JobBatchRecord,
        at now: EventTime,
        _ decisions: inout Decisions
    ) {
        var event = event(ofBatch: place, ended: record.ended)
        event.lacksManifest = configuration.storesFiles
        publish(event, at: now, &decisions)
    }

    // MARK: Timers

    /// The manifest's next try is due, or its time is over.
    mutating func fireManifest(
        _ place: JobBatchTable.Index,
        _ record: JobBatchRecord,
        at now: EventTime,
        _ decisions: inout Decisions
    ) {
        if limit(of: record) <= now.wall { return publishWithoutManifest(place, record, at: now, &decisions) }
        guard batches[place].activity == .idle else { return }
        decisions.callsNow.append(callManifest(place))
    }

    /// Resumes a restored batch whose event waits for its manifest. A worker without a file store stores none.
    mutating func resumeManifest(
        _ place: JobBatchTable.Index,
        _ record: JobBatchRecord,
        at now: EventTime,
        _ decisions: inout Decisions
    ) {
        guard configuration.storesFiles else { return publishWithoutManifest(place, record, at: now, &decisions) }
        decisions.callsNow.append(callManifest(place))
    }
}
