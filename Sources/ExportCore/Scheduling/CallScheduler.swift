/// What the scheduler permits.
enum SchedulerStep: Hashable {
    /// The call may start.
    case start(CallToken)
    /// The download is suspended: another one runs in its place.
    case suspend(CallToken)
    /// The suspended download continues.
    case resume(CallToken)
}

/// Chooses the next call: budgets, concurrency and fairness between accounts and kinds of call. Downloads have a
/// scheduler of their own.
///
/// It holds tokens only. The caller checks whether a token is still valid before it starts the call.
struct CallScheduler {
    private let configuration: CoreConfiguration
    var accounts: [AccountQueue]
    private var nextAccount = 0
    private(set) var callsInFlight = 0
    private(set) var downloads: DownloadScheduler
    /// Whether new calls may start; false while the worker stops.
    var isOpen = true

    init(_ configuration: CoreConfiguration) {
        self.configuration = configuration
        accounts = configuration.accounts.indices.map { AccountQueue(rate: Self.rate($0, configuration)) }
        downloads = DownloadScheduler(configuration)
    }

    private static func rate(_ account: Int, _ configuration: CoreConfiguration) -> Double {
        let rates = configuration.requestsPerSecond
        return account < rates.count ? rates[account] : rates.last ?? 20
    }

    /// Sets this worker's share of the fleet's budget: owned partitions of all partitions.
    mutating func setShare(owned: Int, of total: Int, at now: MonotonicInstant) {
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

    func waiting(account: Int, kind: CallKind) -> Int {
        kind.isTransfer
            ? downloads.accounts[account].waiting : accounts[account].queues[Int(kind.rawValue)].tokens.count
    }

    /// Every call that waits for its turn. For tests: it copies them all.
    var waitingTokens: [CallToken] {
        accounts.flatMap { account in account.queues.flatMap { $0.tokens.elements } }
            + downloads.accounts.flatMap { account in account.queues.flatMap { $0.waiting.elements } }
    }

    // MARK: Calls

    /// Queues a call. A call of an account that is not configured is dropped; its job waits for the configuration.
    mutating func enqueue(_ token: CallToken) {
        guard Int(token.account) < accounts.count else { return }
        guard !token.kind.isTransfer else { return downloads.enqueue(token) }
        accounts[Int(token.account)].queues[Int(token.kind.rawValue)].tokens.append(token)
    }

    /// The next step that is due. The caller starts a call or returns it with ``stale(_:at:)``.
    mutating func next(at now: MonotonicInstant) -> SchedulerStep? {
        guard isOpen else { return nil }
        if callsInFlight < configuration.maxConcurrentRequests, let token = nextCall(at: now) {
            callsInFlight += 1
            return .start(token)
        }
        return downloads.next(at: now)
    }

    /// Notes that the call was sent.
    mutating func started(_ token: CallToken, at now: MonotonicInstant) {
        guard !token.kind.isTransfer else { return }
        accounts[Int(token.account)].started(token, at: now)
    }

    /// The job no longer needs the call: returns its slot and its part of the budget.
    mutating func stale(_ token: CallToken, at now: MonotonicInstant) {
        guard !token.kind.isTransfer else {
            _ = downloads.ended(token, nil, at: now)
            return
        }
        callsInFlight -= 1
        accounts[Int(token.account)].bucket.giveBack()
    }

    /// When ``next(at:)`` may return a step; `nil` when only an event can change that.
    func nextChange(after now: MonotonicInstant) -> MonotonicInstant? {
        guard isOpen else { return nil }
        // At the concurrency limit an answer wakes the worker, not the clock.
        let mayCall = callsInFlight < configuration.maxConcurrentRequests
        let call = mayCall ? accounts.compactMap { $0.nextChange(after: now) }.min() : nil
        return [call, downloads.nextChange(after: now)].compactMap { $0 }.min()
    }

    /// Turns a refusal because multi-factor authentication is required into a transient failure while other calls of
    /// the account succeed, and the refusal of a manifest into a failure of the store while that accepts no downloads.
    ///
    /// - Returns: The answer for the job, and what to report to the operator.
    mutating func classified(_ token: CallToken, _ result: CallResult) -> (result: CallResult, report: Report?) {
        let account = Int(token.account)
        guard !token.kind.isTransfer else { return (downloads.classified(token, result), nil) }
        guard account < accounts.count else { return (result, nil) }
        if case .failed(.account(.mfaRequired(let message))) = result {
            guard case .repeatCall(let share) = accounts[account].mfa.refused() else { return (result, nil) }
            let report = share.map { Report.partlyRefused(account: name(ofAccount: account), share: $0) }
            return (.failed(.transient(message: message)), report)
        }
        if case .works = Self.finding(of: result) { accounts[account].mfa.accepted() }
        return (result, nil)
    }

    /// Notes the answer to a call, whichever worker owns the job now. Returns what to report to the operator.
    mutating func finished(_ token: CallToken, _ result: CallResult, at now: MonotonicInstant) -> Report? {
        let account = Int(token.account)
        guard account < accounts.count else { return nil }
        guard !token.kind.isTransfer else { return downloads.ended(token, result, at: now) }
        callsInFlight -= 1
        let throttling = paced(token, result, at: now)
        let change = accounts[account].answered(
            token,
            Self.finding(of: result),
            first: configuration.accountProbeInterval,
            at: now
        )
        switch change {
        case .none: return throttling
        case .resumed: return .accountResumed(account: configuration.accounts[account])
        case .paused:
            return accounts[account].problem.map { .accountPaused(account: configuration.accounts[account], $0) }
        }
    }

    /// Slows the queue down after a throttled call; speeds it up after one that the service accepted.
    private mutating func paced(_ token: CallToken, _ result: CallResult, at now: MonotonicInstant) -> Report? {
        let (account, queue) = (Int(token.account), Int(token.kind.rawValue))
        guard case .failed(.throttled(let retryAfter)) = result else {
            if case .works = Self.finding(of: result) { accounts[account].queues[queue].succeeded() }
            return nil
        }
        let wait = accounts[account].queues[queue].throttled(retryAfter: retryAfter, at: now)
        guard wait > .zero else { return nil }
        return .throttled(
            account: configuration.accounts[account],
            kind: token.kind,
            wait: wait,
            asked: retryAfter.flatMap { $0 > wait ? $0 : nil }
        )
    }

    private static func finding(of result: CallResult) -> AccountQueue.Finding {
        switch result {
        case .failed(.account(let problem)): .refused(problem)
        case .failed(.throttled), .failed(.transient), .failed(.storeUnavailable), .failed(.abandoned): .nothing
        case .failed(.refused), .failed(.unusableFile), .failed(.refusedLocation), .created, .polled, .deleted,
            .notDeletableYet, .notFound, .stored, .urlExpired:
            .works
        }
    }

    /// Probes paused accounts at once.
    mutating func credentialsChanged(at now: MonotonicInstant) {
        for account in accounts.indices {
            accounts[account].tryAgain(at: now, first: configuration.accountProbeInterval)
        }
    }

    private mutating func nextCall(at now: MonotonicInstant) -> CallToken? {
        for step in accounts.indices {
            let account = (nextAccount + step) % accounts.count
            guard let token = accounts[account].nextCall(at: now) else { continue }
            nextAccount = (account + 1) % accounts.count
            return token
        }
        return nil
    }
}
