/// Whose call goes next: budgets, concurrency and fairness between accounts and kinds of call.
///
/// It holds tokens only. Whether a token still means something is asked when its turn comes.
struct CallScheduler {
    private let configuration: CoreConfiguration
    private var accounts: [AccountQueue]
    private var nextAccount = 0
    private var nextDownloadAccount = 0
    private(set) var callsInFlight = 0
    private(set) var downloadsInFlight = 0
    /// Whether new calls may start; false while the worker stops.
    var isOpen = true

    init(_ configuration: CoreConfiguration) {
        self.configuration = configuration
        accounts = configuration.accounts.indices.map { AccountQueue(rate: Self.rate($0, configuration)) }
    }

    private static func rate(_ account: Int, _ configuration: CoreConfiguration) -> Double {
        let rates = configuration.requestsPerSecond
        return account < rates.count ? rates[account] : rates.last ?? 20
    }

    /// This worker's part of the fleet's budget: owned partitions of all partitions.
    mutating func setShare(owned: Int, of total: Int, at now: Instant) {
        let share = total > 0 ? Double(min(owned, total)) / Double(total) : 0
        for account in accounts.indices {
            accounts[account].bucket.setRate(Self.rate(account, configuration) * share, at: now)
        }
    }

    func problem(ofAccount account: Int) -> AccountProblem? {
        account < accounts.count ? accounts[account].problem : nil
    }

    func name(ofAccount account: Int) -> String { configuration.accounts[account] }

    func rate(ofAccount account: Int) -> Double { accounts[account].bucket.rate }

    func waiting(account: Int, kind: CallKind) -> Int { accounts[account].lanes[Int(kind.rawValue)].queue.count }

    /// Every call that waits for its turn. For tests: it copies them all.
    var waitingTokens: [CallToken] {
        accounts.flatMap { account in account.lanes.flatMap { $0.queue.elements } }
    }

    // MARK: Calls come and go

    /// A call whose account is not configured stays out: its job waits for the configuration.
    mutating func enqueue(_ token: CallToken) {
        guard Int(token.account) < accounts.count else { return }
        accounts[Int(token.account)].lanes[Int(token.kind.rawValue)].queue.append(token)
    }

    /// The next call that may go now. The caller starts it or gives it back with ``stale(_:)``.
    mutating func next(at now: Instant) -> CallToken? {
        guard isOpen else { return nil }
        if callsInFlight < configuration.maxConcurrentRequests, let token = nextCall(at: now) {
            callsInFlight += 1
            return token
        }
        if downloadsInFlight < configuration.maxConcurrentDownloads, let token = nextDownload(at: now) {
            downloadsInFlight += 1
            return token
        }
        return nil
    }

    /// The call goes out.
    mutating func started(_ token: CallToken, at now: Instant) {
        accounts[Int(token.account)].started(token.kind, at: now)
    }

    /// The job does not want the call any more: its part of the budget is free again.
    mutating func stale(_ token: CallToken) {
        if token.kind == .download {
            downloadsInFlight -= 1
        } else {
            callsInFlight -= 1
            accounts[Int(token.account)].bucket.giveBack()
        }
    }

    /// When ``next(at:)`` is worth asking again; `nil` when only an event can change that.
    func nextChange(after now: Instant) -> Instant? {
        guard isOpen else { return nil }
        // Where all places are taken an answer wakes the worker, not the clock.
        let calls = callsInFlight < configuration.maxConcurrentRequests
        let downloads = downloadsInFlight < configuration.maxConcurrentDownloads
        return accounts.compactMap { $0.nextChange(after: now, calls: calls, downloads: downloads) }.min()
    }

    /// Notes the answer to a call, whoever the job belongs to by now. Returns what an operator should know.
    mutating func finished(_ token: CallToken, _ result: CallResult, at now: Instant) -> Report? {
        if token.kind == .download {
            downloadsInFlight -= 1
        } else {
            callsInFlight -= 1
        }
        let account = Int(token.account)
        guard account < accounts.count else { return nil }
        let name = configuration.accounts[account]
        let lane = Int(token.kind.rawValue)
        switch result {
        case .failed(.throttled(let retryAfter)):
            let wait = accounts[account].lanes[lane].throttled(retryAfter: retryAfter, at: now)
            accounts[account].probeInconclusive(at: now)
            return wait > .zero ? .throttled(account: name, kind: token.kind, wait: wait) : nil
        case .failed(.account(let problem)):
            let wasUsable = accounts[account].refused(
                problem,
                first: configuration.accountProbeInterval,
                at: now
            )
            return wasUsable ? .accountPaused(account: name, problem) : nil
        case .failed(.passing), .failed(.abandoned):
            accounts[account].probeInconclusive(at: now)
            return nil
        case .failed(.refused), .created, .seen, .deleted, .notDeletableYet, .notFound, .stored, .urlExpired:
            accounts[account].lanes[lane].succeeded()
            guard token.kind != .download else { return nil }
            return accounts[account].works() ? .accountResumed(account: name) : nil
        }
    }

    /// Credentials changed: a paused account is tried at once.
    mutating func credentialsChanged(at now: Instant) {
        for account in accounts.indices {
            accounts[account].tryAgain(at: now, first: configuration.accountProbeInterval)
        }
    }

    /// The clock went back by so much.
    mutating func clockWentBack(by duration: Duration) {
        for account in accounts.indices { accounts[account].shift(by: .zero - duration) }
    }

    private mutating func nextCall(at now: Instant) -> CallToken? {
        for step in accounts.indices {
            let account = (nextAccount + step) % accounts.count
            guard let token = accounts[account].nextCall(at: now) else { continue }
            nextAccount = (account + 1) % accounts.count
            return token
        }
        return nil
    }

    private mutating func nextDownload(at now: Instant) -> CallToken? {
        for step in accounts.indices {
            let account = (nextDownloadAccount + step) % accounts.count
            guard let token = accounts[account].nextDownload(at: now) else { continue }
            nextDownloadAccount = (account + 1) % accounts.count
            return token
        }
        return nil
    }
}
