import ExportCore

/// The payout service and the file store, with the documented behaviour and the known defects of the
/// service.
final class VirtualService {
    /// An export at the service.
    struct Export {
        let id: String
        let jobID: String
        let attempt: Int
        /// When the job was accepted; `nil` for an export that was queued in the portal.
        let life: Instant?
        let created: Int64
        let processing: Int64
        let ended: Int64
        let succeeds: Bool
        /// From this time polls return the file's URL.
        let urlFrom: Int64
        /// When another program deletes it.
        let vanishes: Int64
        /// Whether the location of its file is not allowed.
        let isOutOfReach: Bool
        /// How many downloads return an error page instead of the file; `Int64.max` for all.
        var pages: Int64
        /// The duration of its file's transfer.
        let transferTime: Int64
        var deletedAt: Int64?
        /// The URLs that were returned, each with its expiry.
        var urls: [String: Int64] = [:]

        func exists(at now: Int64) -> Bool { deletedAt == nil && now < vanishes }
    }

    /// A period in which an account's credentials are refused or locked.
    struct Outage {
        let account: String
        let from: Int64
        let to: Int64
        let isLock: Bool
    }

    /// A period in which calls of an account are refused because multi-factor authentication is required: all, or a
    /// share.
    struct Enforcement {
        let account: String
        let from: Int64
        let to: Int64
        let share: Double
    }

    private let plan: Plan
    private let seed: UInt64
    private var random: SeededRandom
    private(set) var exports: [Export] = []
    private var byID: [String: Int] = [:]
    private var byIdempotencyID: [String: Int] = [:]
    private(set) var stored: Set<String> = []
    /// The stored manifests, by their location.
    var manifests: [String: JobBatchEvent] = [:]
    /// The batches whose manifest the store has refused.
    var refusedManifests: Set<String> = []
    private(set) var outages: [Outage] = []
    /// How often each fault of calls was injected.
    private(set) var injected: [Faults: Int] = [:]
    private(set) var enforcements: [Enforcement] = []
    /// A separate stream does not change the other random values of a seed.
    private var mfaRandom: SeededRandom
    /// When the file store accepts no files.
    private(set) var storeOutages: [Range<Int64>] = []
    private var throttlings: [(account: String, kind: CallKind, from: Int64, to: Int64)] = []
    let honoursIdempotency: Bool

    static let poison = "poison"

    /// Transfers of more milliseconds count as long.
    static let longTransfer: Int64 = 300_000
    /// The number of long transfers. Enough of them occupy all transfer slots of a worker for hours.
    var longTransfers: Int { exports.count { $0.transferTime > Self.longTransfer } }

    init(_ plan: Plan, seed: UInt64) {
        self.plan = plan
        self.seed = seed
        random = SeededRandom(seed: seed, stream: 2)
        mfaRandom = SeededRandom(seed: seed, stream: 6)
        honoursIdempotency = !(random.chance(0.3) && plan.faults.contains(.notIdempotent))
        for account in plan.accounts {
            for isLock in [false, true] where random.chance(0.5) {
                let from = random.int(0...plan.chaosEnd)
                let to = min(plan.chaosEnd, from + random.logarithmic(1_000...3_600_000))
                if plan.faults.contains(isLock ? .accountLocked : .accountRefused) {
                    outages.append(Outage(account: account, from: from, to: to, isLock: isLock))
                }
            }
            for kind in [CallKind.create, .poll, .delete] where random.chance(0.5) {
                let from = random.int(0...plan.chaosEnd)
                let to = min(plan.chaosEnd, from + random.logarithmic(1_000...600_000))
                if plan.faults.contains(.throttling) { throttlings.append((account, kind, from, to)) }
            }
        }
        drawEnforcements()
        drawStoreOutages()
    }

    /// Draws the periods in which the file store is full or unavailable.
    private func drawStoreOutages() {
        // A separate stream does not change the other random values of a seed.
        var own = SeededRandom(seed: seed, stream: 7)
        guard plan.faults.contains(.store) else { return }
        storeOutages = (0..<own.index(1...3)).map { _ in
            let from = own.int(0...plan.chaosEnd)
            return from..<min(plan.chaosEnd, from + own.logarithmic(1_000...7_200_000))
        }
    }

    /// Draws the periods in which multi-factor authentication is enforced.
    private func drawEnforcements() {
        guard plan.faults.contains(.mfaRefused) else { return }
        for account in plan.accounts where mfaRandom.chance(0.5) {
            let from = mfaRandom.int(0...plan.chaosEnd)
            let to = min(plan.chaosEnd, from + mfaRandom.logarithmic(60_000...7_200_000))
            let share = mfaRandom.chance(0.5) ? 1 : Double(mfaRandom.int(10...90)) / 100
            enforcements.append(Enforcement(account: account, from: from, to: to, share: share))
        }
    }

    /// True with this probability while faults are active and this one is enabled. The number is drawn
    /// in any case, so that disabling a fault does not change the others.
    func happens(_ fault: Faults, _ probability: Double, at now: Int64) -> Bool {
        let isDrawn = random.chance(probability)
        guard isDrawn, now < plan.chaosEnd, plan.faults.contains(fault) else { return false }
        injected[fault, default: 0] += 1
        return true
    }

    // MARK: Calls

    /// The latency of a call's request and of its answer.
    func latency(at now: Int64) -> (there: Int64, back: Int64) {
        let slow = happens(.slow, 0.05, at: now) ? random.int(1_000...60_000) : 0
        return (random.int(1...150), random.int(1...150) + slow)
    }

    /// Executes a call and returns its answer.
    func answer(_ call: Call, at now: Int64) -> CallResult {
        if happens(.errorBefore, 0.06, at: now) { return .failed(.transient(message: "503")) }
        if !call.token.kind.isTransfer, let failure = refusal(call, at: now) { return .failed(failure) }
        let result = effect(call, at: now)
        return happens(.errorAfter, 0.06, at: now) ? .failed(.transient(message: "timed out")) : result
    }

    private func refusal(_ call: Call, at now: Int64) -> CallFailure? {
        for outage in outages where outage.account == call.job.account && outage.from <= now && now < outage.to {
            return .account(outage.isLock ? .locked(message: "locked") : .refused(message: "refused"))
        }
        for enforcement in enforcements
        where enforcement.account == call.job.account && enforcement.from <= now && now < enforcement.to {
            if mfaRandom.chance(enforcement.share) { return .account(.mfaRequired(message: "900421")) }
        }
        for throttling in throttlings
        where throttling.account == call.job.account && throttling.kind == call.token.kind && throttling.from <= now
            && now < throttling.to
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
        case .manifest: return storeManifest(call, at: now)
        }
    }

    private func find(_ id: String?, at now: Int64) -> Int? {
        guard let id, let index = byID[id], exports[index].exists(at: now) else { return nil }
        return index
    }

    func export(_ id: String) -> Export? { byID[id].map { exports[$0] } }

    // MARK: Exports

    /// The exports that were queued for the job that was accepted at that time, and the one that it adopted.
    func exports(of job: ExportJob, accepted: Instant) -> [Export] {
        exports.filter { $0.jobID == job.id && $0.life == accepted || $0.id == job.adoptedRequestID }
    }

    /// Queues an export, or finds the one that was queued for the same request.
    func create(_ jobID: String, _ attempt: Int, life: Instant?, at now: Int64) -> String {
        // This service remembers idempotency ids for ever, so a later job with the same id must use another one.
        let key = "\(jobID)#\(attempt)#\(life?.milliseconds ?? 0)"
        if honoursIdempotency, let known = byIdempotencyID[key] { return exports[known].id }
        let processing = now + random.logarithmic(100...(plan.longestExport / 2))
        let ended = processing + random.logarithmic(100...(plan.longestExport / 2))
        let fails = random.chance(0.3) && plan.faults.contains(.exportFailed)
        let lateURL = happens(.anomaly, 0.3, at: now) ? random.logarithmic(1_000...3_600_000) : 0
        let vanishes = happens(.vanish, 0.15, at: now) ? now + random.logarithmic(5_000...plan.longestExport) : .max
        // A separate stream does not change the random values of other exports.
        var own = SeededRandom(seed: seed, stream: 1_000_000 + UInt64(exports.count))
        let isOutOfReach = own.chance(0.05) && plan.faults.contains(.download)
        // Only in every eighth seed. The other seeds keep their histories, because some of them are regression tests.
        let hasFileFaults = seed % 8 == 0
        let isForever = own.chance(0.3)
        let isPage = own.chance(0.3) && hasFileFaults && plan.faults.contains(.download)
        let pages = isPage ? (isForever ? Int64.max : own.int(1...4)) : 0
        let isLong = own.chance(0.4) && hasFileFaults && plan.faults.contains(.slow)
        let transferTime = isLong ? own.logarithmic(1_000...21_600_000) : 0
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
            isOutOfReach: isOutOfReach,
            pages: pages,
            transferTime: transferTime
        )
        byIdempotencyID[key] = exports.count
        byID[export.id] = exports.count
        exports.append(export)
        return export.id
    }

    private func poll(_ call: Call, at now: Int64) -> CallResult {
        // A replica that does not have the export yet.
        if let id = call.requestID, let known = export(id), now < known.created + 900, happens(.anomaly, 0.5, at: now) {
            return .notFound
        }
        guard let index = find(call.requestID, at: now) else { return .notFound }
        let export = exports[index]
        if happens(.anomaly, 0.05, at: now) { return .polled(.unknown("Paused"), url: nil, expiresAt: nil) }
        if now < export.processing { return .polled(.queued, url: nil, expiresAt: nil) }
        if now < export.ended { return .polled(.processing, url: nil, expiresAt: nil) }
        guard export.succeeds else { return .polled(.failed, url: nil, expiresAt: nil) }
        guard now >= export.urlFrom else {
            return .polled(.completed, url: random.chance(0.5) ? "" : nil, expiresAt: nil)
        }
        let expires = now + (happens(.download, 0.3, at: now) ? random.int(0...2_000) : 3_600_000)
        let isLong = plan.faults.contains(.oversized) && now % 5 == 0
        let url = "https://blobs.example/\(export.id).csv?sig=\(now)" + String(repeating: "x", count: isLong ? 900 : 0)
        exports[index].urls[url] = expires
        return .polled(.completed, url: url, expiresAt: Instant(milliseconds: plan.start + expires))
    }

    // MARK: Files

    /// The duration of the file's transfer, beside the call's own latency.
    func transferTime(_ call: Call) -> Int64 {
        guard call.token.kind == .download, let export = call.requestID.flatMap({ export($0) }) else { return 0 }
        return export.transferTime
    }

    private func download(_ call: Call, at now: Int64) -> CallResult {
        if happens(.download, 0.2, at: now) { return .failed(.transient(message: "connection reset")) }
        guard let id = call.requestID, let export = export(id), let url = call.blobURL else {
            return .failed(.refused(message: "nothing to download"))
        }
        guard !export.isOutOfReach else { return .failed(.refusedLocation(message: "not from that host")) }
        guard export.exists(at: now), let end = export.urls[url], now < end else { return .urlExpired }
        if storeOutages.contains(where: { $0.contains(now) }) {
            return .failed(.storeUnavailable(message: "no space is left"))
        }
        if export.pages > 0, let index = byID[id] {
            if export.pages != .max { exports[index].pages -= 1 }
            return .failed(.unusableFile(message: "a page"))
        }
        let location = "store://\(call.job.id)/\(id).csv"
        stored.insert(location)
        return .stored(
            ExportFile(location: location, stored: true, fileName: "\(id).csv", mediaType: "text/csv", sizeBytes: 1)
        )
    }
}
