import HTTPAccess
import Primitives

/// The state of an `EntraTokenProvider`: the cached token, whether a request is in flight, the waiting callers, and the last
/// refusal.
///
/// A value type without a clock or a lock; times are ``HTTPAccess/HTTPClock/uptime()``.
struct TokenCache {
    /// The continuation of a waiting caller.
    typealias Waiter = CheckedContinuation<AccessToken, any Error>

    private struct Entry {
        var token: AccessToken
        /// The time from which it is renewed in the background.
        var refreshAt: Duration
        /// The time from which it is not returned any more.
        var expiresAt: Duration
    }

    /// A failure after which the same credentials are not tried again for a time.
    private struct Refusal {
        var failure: AuthenticationFailure
        var credentials: Credentials?
        /// The end of the refusal; nil when it does not end automatically.
        var until: Duration?
    }

    /// What a caller that needs a token does.
    enum Decision {
        /// Use the cached token.
        case use(AccessToken)
        /// Use the cached token, and start a request for the next one.
        case useAndFetch(AccessToken)
        /// Wait for a request: there is no valid token.
        case wait
    }

    /// What a caller does after it has registered a continuation.
    enum Registration {
        case waiting
        case waitingAndFetch
        case resume(Result<AccessToken, any Error>)
    }

    private static let longestRetryAfter: Duration = .seconds(15 * 60)
    private static let backOff = BackOff(base: .seconds(15), maximum: .seconds(300))

    private var entry: Entry?
    private var isFetching = false
    private var waiters: [UInt64: Waiter] = [:]
    private var nextID: UInt64 = 0
    private var refusal: Refusal?
    private var failuresInARow = 0
    private var forgottenAt: Duration?

    // MARK: - Callers

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

    /// The refusal that has not expired, whatever the credentials.
    func currentRefusal(at now: Duration) -> AuthenticationFailure? {
        guard let refusal, refusal.until.map({ now < $0 }) ?? true else { return nil }
        return refusal.failure
    }

    /// The refusal that applies to these credentials. Other credentials clear it.
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

    /// Discards the cached token, and one that is being requested with the old secrets.
    mutating func forgetToken(at now: Duration) {
        self.entry = nil
        self.forgottenAt = now
    }

    mutating func invalidate(_ token: AccessToken) {
        if self.entry?.token == token { self.entry = nil }
    }

    // MARK: - Fetching

    /// - Parameters:
    ///   - started: When the request began; the lifetime counts from there.
    ///   - jitter: From 0 up to 1, so that providers that started at the same time do not renew at the same time.
    mutating func fetched(_ grant: TokenGrant, started: Duration, jitter: Double) -> [Waiter] {
        let lifetime = grant.lifetime ?? .seconds(300)
        let ahead = min(.seconds(300), lifetime / 4)
        self.entry = Entry(
            token: grant.accessToken,
            refreshAt: started + lifetime - ahead - ahead * jitter,
            expiresAt: started + lifetime - min(.seconds(30), lifetime / 10)
        )
        if let forgottenAt, started <= forgottenAt { self.entry = nil }
        self.refusal = nil
        self.failuresInARow = 0
        return finish()
    }

    /// - Parameters:
    ///   - credentials: The credentials of the request; nil when they could not be read.
    ///   - hold: How long the same credentials are not tried again after a refusal.
    ///   - jitter: From 0 up to 1.
    mutating func failed(
        _ failure: AuthenticationFailure,
        credentials: Credentials?,
        at now: Duration,
        hold: Duration,
        jitter: Double
    ) -> [Waiter] {
        // A wrong Retry-After must not stop an account for days.
        let asked = failure.retryAfter.map { min($0, Self.longestRetryAfter) }
        self.failuresInARow += 1
        switch (failure.reason, failure.recovery) {
        case (.accountLocked, _):
            self.refusal = Refusal(failure: failure, credentials: credentials, until: nil)
        case (.secretUnavailable, _), (.notSignedIn, _):
            break
        case (_, .permanentForAccount), (_, .permanentForJob):
            self.refusal = Refusal(failure: failure, credentials: credentials, until: now + hold)
        case (_, .throttled):
            let wait = asked ?? .seconds(30)
            self.refusal = Refusal(failure: failure, credentials: credentials, until: now + wait)
        case (_, .retryable):
            break
        }
        // The old token is still valid: the renewal is retried with back-off.
        let pause = max(Self.backOff.bound(after: failuresInARow), asked ?? .zero)
        entry?.refreshAt =
            failure.reason == .accountLocked ? .seconds(Int64.max / 2) : now + pause * (0.5 + jitter / 2)
        return finish()
    }

    /// Whether the cached token is still valid.
    func isGood(at now: Duration) -> Bool {
        entry.map { now < $0.expiresAt } ?? false
    }

    private mutating func finish() -> [Waiter] {
        isFetching = false
        defer { waiters.removeAll() }
        return Array(waiters.values)
    }
}
