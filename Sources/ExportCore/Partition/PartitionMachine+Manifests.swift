/// Manifests: the document of a batch's event as a file of its own in the file store, stored before the event is published.
///
/// The batch's end is recorded first. From that commit on its members are fixed and their ends are stored, so every worker
/// that stores the manifest, after a crash too, writes the same bytes under the same key. The event and the
/// record that it is published follow in one transaction, in which the file's location is known. Without this order a
/// consumer could read the event and find no manifest, or the one of another decision.
extension PartitionMachine {
    /// Ends a batch whose event waits for its manifest.
    mutating func close(_ place: JobBatchTable.Index, _ record: JobBatchRecord, _ decisions: inout Decisions) {
        decide(record, &decisions)
        decisions.batchEnds.callsUponCommit.append(callManifest(place))
    }

    // MARK: The call

    /// Makes the call that stores the manifest; an earlier one becomes stale.
    private mutating func callManifest(_ place: JobBatchTable.Index) -> CallToken {
        batches.queueCall(nextCallID(), of: place)
        return manifestToken(place)
    }

    private func manifestToken(_ place: JobBatchTable.Index) -> CallToken {
        // The slots for transfers are shared by account. A batch may have jobs of several; its first job's account counts.
        let account = batches[place].members.first.map { table[$0].account } ?? 0
        return CallToken(
            partition: partition,
            epoch: epoch,
            place: place,
            callID: batches[place].callID,
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
        let event = event(ofBatch: place, record)
        batches.startCall(of: place, event)
        return Call(
            token: token,
            job: job(of: first),
            attempt: 0,
            accepted: Instant(milliseconds: table[first].accepted),
            batch: event
        )
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
            var event = batches[place].event ?? event(ofBatch: place, record)
            event.manifestLocation = file.location
            publish(event, at: now, &decisions)
        // The worker cancelled it, or waits for something else than the store.
        case .failed(.abandoned), .failed(.throttled), .failed(.account):
            decisions.callsNow.append(callManifest(place))
        case .failed(.transient(let message)), .failed(.storeUnavailable(let message)):
            retryLater(place, record, message, at: now, &decisions)
        case .failed(.refused(let message)), .failed(.unusableFile(let message)),
            .failed(.refusedLocation(let message)):
            // New permissions take some time until they apply.
            let refusals = batches.countRefusal(of: place)
            guard refusals >= configuration.maxManifestRefusals else {
                return retryLater(place, record, message, refusals: refusals, at: now, &decisions)
            }
            publishWithoutManifest(place, record, message, at: now, &decisions)
        case .created, .polled, .deleted, .notDeletableYet, .notFound, .urlExpired:
            publishWithoutManifest(place, record, "The answer is not one about a file.", at: now, &decisions)
        }
    }

    /// - Parameter refusals: how often the store has refused the manifest, whose waits do not depend on other failures before.
    private mutating func retryLater(
        _ place: JobBatchTable.Index,
        _ record: JobBatchRecord,
        _ message: String,
        refusals: Int? = nil,
        at now: EventTime,
        _ decisions: inout Decisions
    ) {
        let callID = batches[place].callID
        let count = batches.countFailure(of: place)
        let failures = refusals ?? count
        let wait = backOff.interval(failures: failures, hash: PollPace.mix(callID, UInt32(failures)))
        batches.setWake(place, to: now.monotonic.advanced(by: .milliseconds(wait)))
        decisions.reports.append(.manifestFailed(partition: partition, batch: record.batch.id, message: message))
    }

    /// The manifest could not be stored, for good or for as long as the jobs of the batch may take: the event says why.
    private mutating func publishWithoutManifest(
        _ place: JobBatchTable.Index,
        _ record: JobBatchRecord,
        _ problem: String?,
        at now: EventTime,
        _ decisions: inout Decisions
    ) {
        var event = batches[place].event ?? event(ofBatch: place, record)
        event.manifestProblem = problem?.truncated(toBytes: JobBatchEvent.manifestProblemBytes)
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
        if limit(of: record) <= now.wall {
            if batches[place].activity == .inFlight { decisions.cancellations.append(manifestToken(place)) }
            return publishWithoutManifest(
                place,
                record,
                "The file store did not accept it in time.",
                at: now,
                &decisions
            )
        }
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
        guard configuration.storesFiles else { return publishWithoutManifest(place, record, nil, at: now, &decisions) }
        decisions.callsNow.append(callManifest(place))
    }
}
