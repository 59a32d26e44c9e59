import ExportCore

/// The payout service and the file store, with the manners and the bad manners that the service's
/// documentation and its users tell of.
final class VirtualService {
    /// An export at the service.
    struct Export {
        let id: String
        let jobID: String
        let attempt: Int
        /// When the life of the job began that asked for it; `nil` for one that somebody queued in the portal.
        let life: Instant?
        let created: Int64
        let processing: Int64
        let ended: Int64
        let succeeds: Bool
        /// From when on the file's URL is told.
        let urlFrom: Int64
        /// When somebody else deletes it.
        let vanishes: Int64
        /// Whether its file lies where it may not be fetched from.
        let isOutOfReach: Bool
        var deletedAt: Int64?
        /// The URLs that were handed out, each with its end.
        var urls: [String: Int64] = [:]

        func exists(at now: Int64) -> Bool { deletedAt == nil && now < vanishes }
    }

    /// When an account's credentials do not work.
    struct Trouble {
        let account: String
        let from: Int64
        let to: Int64
        let isLock: Bool
    }

    private let plan: Plan
    private let seed: UInt64
    private var random: SeededRandom
    private(set) var exports: [Export] = []
    private var byID: [String: Int] = [:]
    private var byIdempotencyID: [String: Int] = [:]
    private(set) var stored: Set<String> = []
    private(set) var troubles: [Trouble] = []
    private var storms: [(account: String, kind: CallKind, from: Int64, to: Int64)] = []
    let honoursIdempotency: Bool

    static let poison = "poison"

    init(_ plan: Plan, seed: UInt64) {
        self.plan = plan
        self.seed = seed
        random = SeededRandom(seed: seed, stream: 2)
        honoursIdempotency = !(random.chance(0.3) && plan.faults.contains(.notIdempotent))
        for account in plan.accounts {
            for isLock in [false, true] where random.chance(0.5) {
                let from = random.int(0...plan.chaosEnd)
                let to = min(plan.chaosEnd, from + random.logarithmic(1_000...3_600_000))
                if plan.faults.contains(isLock ? .accountLocked : .accountRefused) {
                    troubles.append(Trouble(account: account, from: from, to: to, isLock: isLock))
                }
            }
            for kind in [CallKind.create, .poll, .delete] where random.chance(0.5) {
                let from = random.int(0...plan.chaosEnd)
                let to = min(plan.chaosEnd, from + random.logarithmic(1_000...600_000))
                if plan.faults.contains(.throttling) { storms.append((account, kind, from, to)) }
            }
        }
    }

    /// True with this probability while there is chaos and the fault is wanted. The dice are
    /// thrown in any case, so that wanting fewer faults does not change the others.
    private func happens(_ fault: Faults, _ probability: Double, at now: Int64) -> Bool {
        let thrown = random.chance(probability)
        return thrown && now < plan.chaosEnd && plan.faults.contains(fault)
    }

    // MARK: Calls

    /// How long a call is on its way there and back.
    func latency(at now: Int64) -> (there: Int64, back: Int64) {
        let slow = happens(.slow, 0.05, at: now) ? random.int(1_000...60_000) : 0
        return (random.int(1...150), random.int(1...150) + slow)
    }

    /// The call arrives: its effect, and the answer that goes back.
    func answer(_ call: Call, at now: Int64) -> CallResult {
        if happens(.errorBefore, 0.06, at: now) { return .failed(.passing(message: "503")) }
        if call.token.kind != .download, let failure = refusal(call, at: now) { return .failed(failure) }
        let result = effect(call, at: now)
        return happens(.errorAfter, 0.06, at: now) ? .failed(.passing(message: "timed out")) : result
    }

    private func refusal(_ call: Call, at now: Int64) -> CallFailure? {
        for trouble in troubles where trouble.account == call.job.account && trouble.from <= now && now < trouble.to {
            return .account(trouble.isLock ? .locked(message: "locked") : .refused(message: "refused"))
        }
        for storm in storms
        where storm.account == call.job.account && storm.kind == call.token.kind && storm.from <= now && now < storm.to
        {
            guard random.chance(0.8) else { continue }
            return .throttled(retryAfter: random.chance(0.5) ? .milliseconds(random.int(0...30_000)) : nil)
        }
        return nil
    }

    private func effect(_ call: Call, at now: Int64) -> CallResult {
        switch call.token.kind {
        case .create:
            if call.job.filter == Self.poison { return .failed(.refused(message: "400")) }
            return .created(requestID: create(call.job.id, call.attempt, life: call.accepted, at: now))
        case .poll: return poll(call, at: now)
        case .delete:
            guard let index = find(call.requestID, at: now) else { return .notFound }
            if exports[index].processing <= now, now < exports[index].ended { return .notDeletableYet }
            exports[index].deletedAt = now
            return .deleted
        case .download: return download(call, at: now)
        }
    }

    private func find(_ id: String?, at now: Int64) -> Int? {
        guard let id, let index = byID[id], exports[index].exists(at: now) else { return nil }
        return index
    }

    func export(_ id: String) -> Export? { byID[id].map { exports[$0] } }

    // MARK: Exports

    /// The exports that were queued for the job of this record.
    func exports(of record: JobRecord) -> [Export] {
        exports.filter {
            $0.jobID == record.job.id && $0.life == record.times.accepted || $0.id == record.job.adoptedRequestID
        }
    }

    /// Queues an export, or finds the one that was queued for the same request.
    func create(_ jobID: String, _ attempt: Int, life: Instant?, at now: Int64) -> String {
        // This service never forgets a request, so a later life of the same job must ask under another name.
        let key = "\(jobID)#\(attempt)#\(life?.milliseconds ?? 0)"
        if honoursIdempotency, let known = byIdempotencyID[key] { return exports[known].id }
        let processing = now + random.logarithmic(100...(plan.longestExport / 2))
        let ended = processing + random.logarithmic(100...(plan.longestExport / 2))
        let fails = random.chance(0.3) && plan.faults.contains(.exportFailed)
        let lateURL = happens(.oddity, 0.3, at: now) ? random.logarithmic(1_000...3_600_000) : 0
        let vanishes = happens(.vanish, 0.15, at: now) ? now + random.logarithmic(5_000...plan.longestExport) : .max
        // Dice of its own: those of the others stay as they were.
        var own = SeededRandom(seed: seed, stream: 1_000_000 + UInt64(exports.count))
        let isOutOfReach = own.chance(0.05) && plan.faults.contains(.download)
        let export = Export(
            id: "request-\(exports.count + 1)",
            jobID: jobID,
            attempt: attempt,
            life: life,
            created: now,
            processing: processing,
            ended: ended,
            succeeds: !fails,
            urlFrom: ended + lateURL,
            vanishes: vanishes,
            isOutOfReach: isOutOfReach
        )
        byIdempotencyID[key] = exports.count
        byID[export.id] = exports.count
        exports.append(export)
        return export.id
    }

    private func poll(_ call: Call, at now: Int64) -> CallResult {
        // A replica that has not heard of the export yet.
        if let id = call.requestID, let known = export(id), now < known.created + 900, happens(.oddity, 0.5, at: now) {
            return .notFound
        }
        guard let index = find(call.requestID, at: now) else { return .notFound }
        let export = exports[index]
        if happens(.oddity, 0.05, at: now) { return .seen(.unknown("Paused"), url: nil, expiresAt: nil) }
        if now < export.processing { return .seen(.queued, url: nil, expiresAt: nil) }
        if now < export.ended { return .seen(.processing, url: nil, expiresAt: nil) }
        guard export.succeeds else { return .seen(.failed, url: nil, expiresAt: nil) }
        guard now >= export.urlFrom else {
            return .seen(.completed, url: random.chance(0.5) ? "" : nil, expiresAt: nil)
        }
        let expires = now + (happens(.download, 0.3, at: now) ? random.int(0...2_000) : 3_600_000)
        let url = "https://blobs.example/\(export.id).csv?sig=\(now)"
        exports[index].urls[url] = expires
        return .seen(.completed, url: url, expiresAt: Instant(milliseconds: plan.start + expires))
    }

    // MARK: Files

    private func download(_ call: Call, at now: Int64) -> CallResult {
        if happens(.download, 0.2, at: now) { return .failed(.passing(message: "connection reset")) }
        guard let id = call.requestID, let export = export(id), let url = call.blobURL else {
            return .failed(.refused(message: "nothing to download"))
        }
        guard !export.isOutOfReach else { return .failed(.refused(message: "not from that host")) }
        guard export.exists(at: now), let end = export.urls[url], now < end else { return .urlExpired }
        let location = "store://\(call.job.id)/\(id).csv"
        stored.insert(location)
        return .stored(
            ExportFile(location: location, stored: true, fileName: "\(id).csv", mediaType: "text/csv", sizeBytes: 1)
        )
    }
}
