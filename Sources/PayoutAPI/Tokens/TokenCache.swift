/// What a token provider knows: the token, whether one is being fetched, who waits for it, and what was refused.
///
/// A value type without clock or lock of its own; times are ``PayoutClock/uptime()``.
struct TokenCache {
    /// Where those who wait hear of the outcome.
    typealias Waiter = CheckedContinuation<AccessToken, any Error>

    private struct Entry {
        var token: AccessToken
        /// From here on it is renewed in the background.
        var refreshAt: Duration
        /// From here on it is not handed out.
        var expiresAt: Duration
    }

    /// A failure that is not tried again at once.
    private struct Refusal {
        var failure: AuthenticationFailure
        var credentials: Credentials?
        /// Nil: not by itself.
        var until: Duration?
    }

    enum Decision {
        /// Good for a while.
        case use(AccessToken)
        /// Good, but the caller has to start fetching the next one.
        case useAndFetch(AccessToken)
        /// Not to be had without waiting.
        case wait
    }

    enum Registration {
        case waiting
        case waitingAndFetch
        case resume(Result<AccessToken, any Error>)
    }

    private var entry: Entry?
    private var isFetching = false
    private var waiters: [UInt64: Waiter] = [:]
    private var nextID: UInt64 = 0
    private var refusal: Refusal?
    private var failuresInARow = 0

    // MARK: - Asking

    mutating func decide(at now: Duration) -> Decision {
        guard let entry, now < entry.expiresAt else { return .wait }
        guard now >= entry.refreshAt, !self.isFetching else { return .use(entry.token) }
        self.isFetching = true
        return .useAndFetch(entry.token)
    }

    mutating func makeWaiterID() -> UInt64 {
        self.nextID += 1
        return self.nextID
    }

    /// - Parameter isCancelled: Whether the waiting task is cancelled already.
    mutating func register(_ waiter: Waiter, id: UInt64, isCancelled: Bool, at now: Duration) -> Registration {
        if isCancelled { return .resume(.failure(CancellationError())) }
        if let entry, now < entry.expiresAt { return .resume(.success(entry.token)) }
        self.waiters[id] = waiter
        guard !self.isFetching else { return .waiting }
        self.isFetching = true
        return .waitingAndFetch
    }

    mutating func cancelWaiter(_ id: UInt64) -> Waiter? {
        self.waiters.removeValue(forKey: id)
    }

    // MARK: - Refusals

    /// Whether a refusal is on record that time has not lifted.
    func standingRefusal(at now: Duration) -> AuthenticationFailure? {
        guard let refusal, refusal.until.map({ now < $0 }) ?? true else { return nil }
        return refusal.failure
    }

    /// The refusal that these credentials would meet again. Other credentials lift it.
    mutating func refusal(for credentials: Credentials?, at now: Duration) -> AuthenticationFailure? {
        guard let refusal, refusal.until.map({ now < $0 }) ?? true else { return nil }
        if refusal.credentials == credentials || refusal.failure.recovery == .throttled { return refusal.failure }
        self.refusal = nil
        return nil
    }

    mutating func forgetRefusal() {
        self.refusal = nil
        if self.entry != nil { self.entry?.refreshAt = .zero }
    }

    mutating func invalidate(_ token: AccessToken) {
        if self.entry?.token == token { self.entry = nil }
    }

    // MARK: - Fetching

    /// - Parameters:
    ///   - started: When the request began; the lifetime counts from there.
    ///   - jitter: From 0 up to 1: providers that began together do not renew together.
    mutating func fetched(_ grant: TokenGrant, started: Duration, jitter: Double) -> [Waiter] {
        let lifetime = grant.lifetime ?? .seconds(300)
        let ahead = min(.seconds(300), lifetime / 4)
        self.entry = Entry(
            token: grant.accessToken,
            refreshAt: started + lifetime - ahead - ahead * jitter,
            expiresAt: started + lifetime - min(.seconds(30), lifetime / 10)
        )
        self.refusal = nil
        self.failuresInARow = 0
        return self.finish()
    }

    /// - Parameters:
    ///   - credentials: What the request was made with; nil when they could not be read.
    ///   - hold: How long a refusal stands.
    ///   - jitter: From 0 up to 1.
    mutating func failed(
        _ failure: AuthenticationFailure,
        credentials: Credentials?,
        at now: Duration,
        hold: Duration,
        jitter: Double
    ) -> [Waiter] {
        let doublings = min(self.failuresInARow, 10)
        self.failuresInARow += 1
        switch (failure.reason, failure.recovery) {
        case (.accountLocked, _):
            self.refusal = Refusal(failure: failure, credentials: credentials, until: nil)
        case (.secretUnavailable, _):
            break
        case (_, .permanentForAccount), (_, .permanentForJob):
            self.refusal = Refusal(failure: failure, credentials: credentials, until: now + hold)
        case (_, .throttled):
            let wait = failure.retryAfter ?? .seconds(30)
            self.refusal = Refusal(failure: failure, credentials: credentials, until: now + wait)
        case (_, .retryable):
            break
        }
        // The old token is good for now: what refused to renew it may think better of it.
        let pause = max(min(.seconds(300), .seconds(15) * (1 << doublings)), failure.retryAfter ?? .zero)
        self.entry?.refreshAt =
            failure.reason == .accountLocked ? .seconds(Int64.max / 2) : now + pause * (0.5 + jitter / 2)
        return self.finish()
    }

    /// Whether a token is at hand although the last request failed.
    func isGood(at now: Duration) -> Bool {
        self.entry.map { now < $0.expiresAt } ?? false
    }

    private mutating func finish() -> [Waiter] {
        self.isFetching = false
        defer { self.waiters.removeAll() }
        return Array(self.waiters.values)
    }
}
