/// One account's waiting API calls, its budget, and whether its credentials work.
struct AccountQueue {
    enum AccountState {
        case usable
        /// The credentials are refused. At `probeAt` one call may start. Exits: probing, with the next API call.
        case paused(AccountProblem, probeAt: MonotonicInstant, interval: Duration)
        /// This call is the probe. Exits, by its answer: usable, paused.
        case probing(AccountProblem, interval: Duration, by: CallToken)
    }

    /// By kind of call, transfers excepted.
    var queues = [CallQueue](repeating: CallQueue(), count: CallKind.allCases.count { !$0.isTransfer })
    var bucket: TokenBucket
    var state = AccountState.usable
    /// Its calls that were refused because multi-factor authentication is required.
    var mfa = MFARefusals()
    private var nextQueue = 0
    /// API calls that were started and not answered.
    private var inFlight: Set<CallToken> = []
    /// Those that were started before the credentials changed or were last found to work. Their refusals do not concern
    /// the present credentials and must not lock the account again.
    private var outdated: Set<CallToken> = []

    private static let longestProbeInterval: Duration = .seconds(600)
    /// Long, because only a new sign-in helps, unless the service stops enforcing.
    private static let mfaProbeInterval: Duration = .seconds(3_600)

    init(rate: Double) { bucket = TokenBucket(rate: rate) }

    var problem: AccountProblem? {
        switch state {
        case .usable: nil
        case .paused(let problem, _, _), .probing(let problem, _, _): problem
        }
    }

    /// The next API call that may start now; the queues take turns.
    mutating func nextCall(at now: MonotonicInstant) -> CallToken? {
        guard mayCall(at: now) else { return nil }
        for step in queues.indices {
            let queue = (nextQueue + step) % queues.count
            guard queues[queue].isReady(at: now), let token = queues[queue].tokens.first else { continue }
            guard bucket.consume(at: now) else { return nil }
            _ = queues[queue].tokens.popFirst()
            nextQueue = (queue + 1) % queues.count
            return token
        }
        return nil
    }

    /// Notes that the call was sent.
    mutating func started(_ token: CallToken, at now: MonotonicInstant) {
        queues[Int(token.kind.rawValue)].started(at: now)
        inFlight.insert(token)
        if case .paused(let problem, _, let interval) = state {
            state = .probing(problem, interval: interval, by: token)
        }
    }

    /// When one of the waiting calls may start; `nil` when only an event can change that.
    func nextChange(after now: MonotonicInstant) -> MonotonicInstant? {
        guard let budget = bucket.nextToken(after: now), let permitted = nextPermitted else { return nil }
        let unblocked = queues.lazy.filter { !$0.tokens.isEmpty }.map(\.blockedUntil).min()
        return unblocked.map { max($0, now, budget, permitted) }
    }

    // MARK: State

    /// What the answer to an API call shows about the account's credentials.
    enum Finding {
        case works
        case refused(AccountProblem)
        /// Nothing: the service did not check them.
        case nothing
    }

    /// How the answer changed the account.
    enum Change: Equatable {
        case none, paused, resumed
    }

    /// Notes the answer to an API call.
    ///
    /// - Parameter first: the interval before the first probe.
    mutating func answered(
        _ token: CallToken,
        _ finding: Finding,
        first: Duration,
        at now: MonotonicInstant
    ) -> Change {
        inFlight.remove(token)
        let isOutdated = outdated.remove(token) != nil
        switch state {
        case .usable:
            guard case .refused(let problem) = finding, !isOutdated else { return .none }
            pause(problem, interval: first, at: now)
            return .paused
        case .paused(.locked, _, _): return .none
        case .paused(let present, let probeAt, let interval):
            // Calls that were in flight when the account paused are answered too; only a lock changes anything.
            guard case .refused(let problem) = finding, !isOutdated else { return .none }
            switch (problem, present) {
            case (.locked, _): state = .paused(problem, probeAt: .distantFuture, interval: interval)
            case (_, .mfaRequired): break
            default: state = .paused(problem, probeAt: probeAt, interval: interval)
            }
            return .none
        case .probing(let problem, let interval, let probe):
            guard token == probe else { return .none }
            return probed(problem, finding, interval: interval, at: now)
        }
    }

    private mutating func probed(
        _ problem: AccountProblem,
        _ finding: Finding,
        interval: Duration,
        at now: MonotonicInstant
    ) -> Change {
        switch finding {
        case .works:
            state = .usable
            outdated = inFlight
            return .resumed
        case .refused(let problem): pause(problem, interval: min(interval * 2, Self.longestProbeInterval), at: now)
        case .nothing: state = .paused(problem, probeAt: now.advanced(by: interval), interval: interval)
        }
        return .none
    }

    private mutating func pause(_ problem: AccountProblem, interval: Duration, at now: MonotonicInstant) {
        let probeAt: MonotonicInstant
        switch problem {
        case .refused: probeAt = now.advanced(by: interval)
        case .mfaRequired: probeAt = now.advanced(by: Self.mfaProbeInterval)
        case .locked: probeAt = .distantFuture
        }
        state = .paused(problem, probeAt: probeAt, interval: interval)
    }

    /// New credentials: probe at once. A probe in flight was started with the old ones.
    mutating func tryAgain(at now: MonotonicInstant, first: Duration) {
        outdated = inFlight
        mfa.reset()
        guard let problem else { return }
        state = .paused(problem, probeAt: now, interval: first)
    }

    private func mayCall(at now: MonotonicInstant) -> Bool { nextPermitted.map { $0 <= now } ?? false }

    /// The earliest time for a call with the account's credentials; `nil` while a probe is in flight.
    private var nextPermitted: MonotonicInstant? {
        switch state {
        case .usable: .distantPast
        case .paused(_, let probeAt, _): probeAt
        case .probing: nil
        }
    }
}
