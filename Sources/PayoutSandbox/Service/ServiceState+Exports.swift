import HTTPTypes
import Primitives

extension ServiceState {
    /// Answers a call of the export API.
    mutating func exportReply(
        to request: ServiceRequest,
        target: ExportTarget,
        call: Call,
        drawn: FaultPlan.Drawn
    ) -> ServiceReply {
        let now = now
        var reply: ServiceReply
        do {
            let account = try authenticatedAccount(of: request, at: now)
            if let refusal = rateLimitReply(call, account: account, at: now) {
                reply = refusal
            } else {
                switch (request.method, target.id) {
                case (.post, nil):
                    reply = try create(request, kind: target.kind, account: account, drawn: drawn, at: now)
                case (.get, let id?):
                    reply = try get(id, kind: target.kind, account: account, drawn: drawn, at: now)
                case (.delete, let id?):
                    reply = try delete(id, kind: target.kind, account: account, at: now)
                default:
                    throw ServiceError(405, "invalidRequest", "The method is not supported here.")
                }
            }
        } catch let error as ServiceError {
            reply = error.reply()
        } catch {
            reply = ServiceError(500, "generalException", "The sandbox failed.").reply()
        }
        addDiagnostics(of: request, to: &reply, at: now)
        return reply
    }

    private mutating func create(
        _ request: ServiceRequest,
        kind: ExportRecord.Kind,
        account: UInt16,
        drawn: FaultPlan.Drawn,
        at now: Timestamp
    ) throws -> ServiceReply {
        // The service's front end requires one of the two, even without a body.
        guard request.fields[.contentLength] != nil || request.fields[.transferEncoding] != nil else {
            throw ServiceError(411, "invalidRequest", "Content-Length is required.")
        }
        let options = try ExportOptions(query: request.query, kind: kind)
        let idempotencyID = try guid(.msRequestID, of: request)
        let correlationID = try guid(.msCorrelationID, of: request) ?? guid(.clientRequestID, of: request)
        if idempotencyID == nil { stats.createsWithoutIdempotencyID += 1 }
        if let idempotencyID, let index = try existingExport(idempotencyID, kind, options, account: account, at: now) {
            store.countRepetition(account: account, idempotencyID: idempotencyID)
            stats.repeatedCreates += 1
            return envelope(index, state: store[index].state(at: now), drawn: drawn, at: now).reply(
                status: 202,
                as: drawn.envelope
            )
        }
        let record = newRecord(kind, options, account, (idempotencyID, correlationID), drawn: drawn, at: now)
        let siblings = store.add(record)
        stats.exportsCreated += 1
        if siblings > 1 { stats.duplicateExports += 1 }
        let index = store.records.count - 1
        let state = configuration.exports.createReturnsPresentState ? record.state(at: now) : .queued
        return envelope(index, state: state, drawn: drawn, at: now).reply(status: 202, as: drawn.envelope)
    }

    /// Adds an export of the first account under its ids, which no call has created here.
    mutating func add(_ export: PayoutSandbox.KnownExport) -> Bool {
        guard let requestID = GUID(export.requestID), !store.contains(requestID) else { return false }
        let options = ExportOptions(filter: export.filter, isTSV: export.fileFormat == "tsv")
        let ids = (idempotency: export.idempotencyID.flatMap(GUID.init), correlation: GUID?.none)
        store.add(newRecord(export.kind, options, 0, ids, drawn: FaultPlan.Drawn(), at: now, requestID: requestID))
        return true
    }

    /// The export that a repeated creation is answered with.
    private mutating func existingExport(
        _ idempotencyID: GUID,
        _ kind: ExportRecord.Kind,
        _ options: ExportOptions,
        account: UInt16,
        at now: Timestamp
    ) throws -> Int? {
        guard configuration.exports.honoursIdempotency,
            let entry = store.entry(account: account, idempotencyID: idempotencyID)
        else { return nil }
        let index = Int(entry.index)
        let record = store[index]
        guard record.kind == kind, record.filter == options.filter, record.isTSV == options.isTSV else {
            stats.idempotencyConflicts += 1
            throw ServiceError.invalidRequest("ms-requestid was used for another request.", target: "ms-requestid")
        }
        // An export that is gone cannot be the answer to a repetition.
        switch record.state(at: now) {
        case .deleted, .vanished: return nil
        case .queued, .processing, .completed, .failed: return index
        }
    }

    private mutating func newRecord(
        _ kind: ExportRecord.Kind,
        _ options: ExportOptions,
        _ account: UInt16,
        _ ids: (idempotency: GUID?, correlation: GUID?),
        drawn: FaultPlan.Drawn,
        at now: Timestamp,
        requestID: GUID? = nil
    ) -> ExportRecord {
        let behaviour = configuration.exports
        let processingStart = now + behaviour.queued.draw(using: &random)
        let finished = processingStart + behaviour.processing.draw(using: &random)
        var ending = ExportRecord.Ending.completes
        if behaviour.vanishProbability > 0, random.unit() < behaviour.vanishProbability { ending = .vanishes }
        if behaviour.failureProbability > 0, random.unit() < behaviour.failureProbability { ending = .fails }
        if drawn.exportFails || options.filter.end(ofMarker: behaviour.failureMarker) != nil { ending = .fails }
        if options.filter.end(ofMarker: behaviour.vanishMarker) != nil { ending = .vanishes }
        var emptyPolls = behaviour.emptyBlobLocationPolls
        if behaviour.emptyBlobLocationProbability > 0, random.unit() < behaviour.emptyBlobLocationProbability {
            emptyPolls = max(emptyPolls, 1)
        }
        var id = requestID ?? GUID(using: &random)
        while store.contains(id) { id = GUID(using: &random) }
        return ExportRecord(
            id: id,
            idempotencyID: ids.idempotency,
            correlationID: ids.correlation,
            filter: options.filter,
            created: now,
            processingStart: processingStart,
            finished: finished,
            blobSize: blobSize(for: options.filter),
            account: account,
            kind: kind,
            isTSV: options.isTSV,
            ending: ending,
            emptyPollsLeft: UInt16(clamping: emptyPolls)
        )
    }

    private mutating func blobSize(for filter: String) -> Int {
        let marker = configuration.exports.sizeMarker
        if let end = filter.end(ofMarker: marker) {
            let digits = filter.utf8[end...].prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            if let size = Int(String(decoding: digits, as: UTF8.self)) { return size }
        }
        switch configuration.blobs.size {
        case .fixed(let size): return max(0, size)
        case .uniform(let first, let second):
            let low = max(0, min(first, second))
            let high = max(low, max(first, second))
            return low + Int(random.below(UInt64(high - low) + 1))
        }
    }

    private mutating func get(
        _ id: Substring,
        kind: ExportRecord.Kind,
        account: UInt16,
        drawn: FaultPlan.Drawn,
        at now: Timestamp
    ) throws -> ServiceReply {
        let index = try existing(id, kind: kind, account: account)
        store[index].looks.increase()
        if drawn.exportVanishes { store[index].removal = .vanished }
        let state = store[index].state(at: now)
        guard state != .deleted, state != .vanished else { throw ServiceError.notFound }
        // This call has the id in its path, so a Location header without a body would be useless.
        let form = drawn.envelope == .locationOnly ? .documented : drawn.envelope
        return envelope(index, state: state, drawn: drawn, at: now).reply(status: 200, as: form)
    }

    private mutating func delete(
        _ id: Substring,
        kind: ExportRecord.Kind,
        account: UInt16,
        at now: Timestamp
    ) throws -> ServiceReply {
        let index = try existing(id, kind: kind, account: account)
        switch store[index].state(at: now) {
        case .deleted, .vanished:
            throw ServiceError.notFound
        case .processing:
            stats.deletesRefused += 1
            let status = configuration.exports.deleteRefusal.rawValue
            throw ServiceError(status, "preconditionFailed", "The export is being processed.", target: "requestId")
        case .queued, .completed, .failed:
            store[index].removal = .deleted
            stats.exportsDeleted += 1
            return ServiceReply(status: 200)
        }
    }

    /// The position of an export that the account can see.
    private func existing(_ id: Substring, kind: ExportRecord.Kind, account: UInt16) throws -> Int {
        guard let guid = GUID(id) else { throw ServiceError.invalidRequest("The id is no GUID.", target: "requestId") }
        guard let index = store.index(of: guid), store[index].kind == kind, store[index].account == account else {
            throw ServiceError.notFound
        }
        return index
    }

    private mutating func envelope(
        _ index: Int,
        state: PayoutSandbox.ExportFacts.State,
        drawn: FaultPlan.Drawn,
        at now: Timestamp
    ) -> ExportEnvelope {
        var location = ""
        if state == .completed {
            if store[index].emptyPollsLeft > 0 {
                store[index].emptyPollsLeft -= 1
            } else if !drawn.emptyBlobLocation {
                location = drawn.blobLocation ?? blobLocation(of: store[index], at: now)
            }
        }
        var status = drawn.statusText ?? state.rawValue
        if drawn.statusText != nil { location = "" }
        if let letterCase = drawn.statusCase { status = letterCase.spelling(of: status) }
        return ExportEnvelope(
            record: store[index],
            status: status,
            blobLocation: location,
            hasBegun: state != .queued
        )
    }
}

extension String {
    /// Where the first occurrence of a marker ends; nil when the marker is empty or does not occur.
    fileprivate func end(ofMarker marker: String) -> String.Index? {
        guard let first = marker.utf8.first else { return nil }
        var rest = utf8[...]
        while let start = rest.firstIndex(of: first) {
            rest = rest[start...]
            if rest.starts(with: marker.utf8) { return rest.index(start, offsetBy: marker.utf8.count) }
            rest = rest.dropFirst()
        }
        return nil
    }
}
