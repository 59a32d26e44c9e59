/// Decides which downloads run: at most as many as there are slots.
///
/// A free slot goes to the account that runs the fewest downloads, then to the one that has used the least slot time;
/// within the account the same rule chooses the partition, and within the partition downloads run in the order of their
/// arrival. A turn lasts until another download waits and the turn's length has passed: then the download is suspended,
/// keeps what it has received, and continues later.
struct DownloadScheduler {
    private struct Running {
        var token: CallToken
        /// When its turn began.
        var began: MonotonicInstant
        var isFirstTurn: Bool
    }

    private let slots: Int
    private let turn: Duration
    private let takesTurns: Bool
    private let probeInterval: Duration
    private(set) var accounts: [AccountDownloads]
    /// In the order in which their turns began.
    private var running: [Running] = []
    private(set) var store = StoreState.usable
    /// Downloads that wait for a slot, with those that are suspended.
    private(set) var waitingCount = 0
    private(set) var suspendedCount = 0
    /// Manifests among those that wait.
    private var waitingManifests = 0
    /// The used time of the account that had the last turn.
    private var virtualTime: Int64 = 0

    init(_ configuration: CoreConfiguration) {
        slots = configuration.maxConcurrentDownloads
        turn = max(.milliseconds(1), configuration.downloadTurn)
        takesTurns = configuration.safeguards.downloadTurns
        probeInterval = configuration.storeProbeInterval
        accounts = configuration.accounts.map { _ in AccountDownloads() }
    }

    var runningCount: Int { running.count }

    mutating func enqueue(_ token: CallToken) {
        let account = Int(token.account)
        // An account without downloads saves no time for later.
        if accounts[account].isIdle { accounts[account].share.used = max(accounts[account].share.used, virtualTime) }
        let queue = accounts[account].queue(of: token.partition)
        accounts[account].queues[queue].waiting.append(token)
        accounts[account].waiting += 1
        countWaiting(token, 1)
    }

    private mutating func countWaiting(_ token: CallToken, _ step: Int) {
        waitingCount += step
        if token.kind == .manifest { waitingManifests += step }
    }

    /// While the store accepts no files, and a download waits that will show when it does again, the refusal of a manifest is
    /// no refusal of that manifest alone.
    func classified(_ token: CallToken, _ result: CallResult) -> CallResult {
        guard token.kind == .manifest, store.problem != nil, case .failed(.refused(let message)) = result,
            waitingCount > waitingManifests || running.contains(where: { $0.token.kind == .download })
        else { return result }
        return .failed(.storeUnavailable(message: message))
    }

    /// The next step, if it is time for one: a download that may run, or one that is suspended so that another can run.
    mutating func next(at now: MonotonicInstant) -> SchedulerStep? {
        guard store.nextPermitted <= now, waitingCount > 0 else { return nil }
        guard running.count >= slots else { return run(at: now) }
        guard takesTurns else { return nil }
        for _ in running.indices {
            guard let first = running.first, first.began.advanced(by: turn) <= now else { return nil }
            suspend(first, at: now)
            guard fairest?.token == first.token else { return .suspend(first.token) }
            // It is its turn again.
            _ = run(at: now)
        }
        return nil
    }

    /// When ``next(at:)`` may return a step; `nil` when only an event can change that.
    func nextChange(after now: MonotonicInstant) -> MonotonicInstant? {
        guard waitingCount > 0 else { return nil }
        let permitted = max(now, store.nextPermitted)
        guard running.count >= slots, let first = running.first else { return permitted }
        guard takesTurns else { return nil }
        return max(permitted, first.began.advanced(by: turn))
    }

    /// Notes that a download has ended.
    ///
    /// - Parameter result: its result; `nil` when it was not sent.
    mutating func ended(_ token: CallToken, _ result: CallResult?, at now: MonotonicInstant) -> Report? {
        let account = Int(token.account)
        let queue = accounts[account].queue(of: token.partition)
        if let place = running.firstIndex(where: { $0.token == token }) {
            let ended = running.remove(at: place)
            let used = result == nil ? 0 : usedTime(ended, at: now)
            accounts[account].endTurn(queue, used: used)
            if ended.isFirstTurn { accounts[account].queues[queue].shortTime += used }
        } else if let place = accounts[account].queues[queue].suspended.firstIndex(of: token) {
            accounts[account].queues[queue].suspended.remove(at: place)
            accounts[account].suspended -= 1
            countWaiting(token, -1)
            suspendedCount -= 1
        }
        accounts[account].removeIfIdle(queue)
        switch store.ended(token, result, first: probeInterval, at: now) {
        case .none: return nil
        case .paused: return store.problem.map { .storePaused(message: $0) }
        case .resumed: return .storeResumed
        }
    }

    // MARK: Turns

    private typealias Choice = (account: Int, queue: Int, token: CallToken, isSuspended: Bool)

    /// The download whose turn is next.
    private var fairest: Choice? {
        // As many downloads are suspended as have a slot, because each holds memory and a connection. An account without
        // any may begin one all the same: others must not keep it waiting until their files are complete.
        func begins(_ account: AccountDownloads) -> Bool {
            suspendedCount <= slots || account.suspended + account.share.running == 0
        }
        let choice = accounts.indices.filter { accounts[$0].hasNext(begins: begins(accounts[$0])) }
            .min { accounts[$0].share < accounts[$1].share }
        guard let choice else { return nil }
        let account = accounts[choice]
        guard let queue = account.fairest(begins: begins(account)),
            let next = account.queues[queue].next(begins: begins(account), turn: turn.wholeMilliseconds)
        else { return nil }
        return (choice, queue, next.token, next.isSuspended)
    }

    private mutating func run(at now: MonotonicInstant) -> SchedulerStep? {
        guard let next = fairest else { return nil }
        virtualTime = max(virtualTime, accounts[next.account].share.used)
        accounts[next.account].pop(next.queue, isSuspended: next.isSuspended)
        countWaiting(next.token, -1)
        if next.isSuspended { suspendedCount -= 1 }
        running.append(Running(token: next.token, began: now, isFirstTurn: !next.isSuspended))
        store.started(next.token, at: now)
        return next.isSuspended ? .resume(next.token) : .start(next.token)
    }

    private mutating func suspend(_ ended: Running, at now: MonotonicInstant) {
        running.removeFirst()
        let account = Int(ended.token.account)
        let queue = accounts[account].queue(of: ended.token.partition)
        accounts[account].endTurn(queue, used: usedTime(ended, at: now))
        accounts[account].queues[queue].suspended.append(ended.token)
        accounts[account].suspended += 1
        countWaiting(ended.token, 1)
        suspendedCount += 1
    }

    /// The slot time of a turn. The time after the turn's length does not count: no other download waited.
    private func usedTime(_ ended: Running, at now: MonotonicInstant) -> Int64 {
        min(max(1, ended.began.duration(to: now).wholeMilliseconds), turn.wholeMilliseconds)
    }
}
