import Crypto
import HTTPTypes
import Primitives

/// The service's state, and its responses. A value without I/O: the server owns one behind a lock.
struct ServiceState: Sendable {
    typealias Call = PayoutSandbox.Fault.Call

    /// An account's wrong passwords and its lock.
    struct Lockout: Sendable {
        var failures = 0
        var lockedUntil: Timestamp?
    }

    var configuration: PayoutSandbox.Configuration
    /// Scheme, host and port, as in `http://127.0.0.1:8080`.
    var origin = ""
    var plan: FaultPlan
    var store = ExportStore()
    var tokens: TokenStore
    var limiter = RateLimiter()
    var stats = PayoutSandbox.Stats()
    var lockouts: [Lockout]
    var codes: [String: AuthorizationCode] = [:]
    var devices: [String: PendingDevice] = [:]
    var rowRules = RowRuleCache()
    var random: SplitMix64
    var signature: BlobSignature
    /// The number of resets. A download that began before a reset must not be counted at the export that has its place now.
    var generation = 0

    init(configuration: PayoutSandbox.Configuration) {
        self.configuration = configuration
        plan = FaultPlan(faults: configuration.faults)
        random = SplitMix64(seed: configuration.seed ?? UInt64.random(in: 0...UInt64.max))
        // The keys are secret from clients whatever the seed, so that a signature cannot be made up.
        tokens = TokenStore(key: SymmetricKey(size: .bits256))
        signature = BlobSignature(key: SymmetricKey(size: .bits256))
        lockouts = Array(repeating: Lockout(), count: configuration.accounts.count)
        addConfiguredRefreshTokens()
    }

    var now: Timestamp { Timestamp(nanoseconds: configuration.clock.now) }

    /// Answers a request and counts the answer.
    mutating func reply(to request: ServiceRequest) -> ServiceReply {
        let path = request.path
        if path.hasPrefix("/_sandbox/") { return controlReply(to: request) }
        // What a person's browser opens: no call of a client, so no faults and no count.
        if path.hasSuffix("/oauth2/v2.0/authorize") { return authorizeReply(to: request) }
        if path == "/devicecode" { return devicePage(to: request) }
        guard let (call, answer) = route(request) else {
            return ServiceError(404, "itemNotFound", "No such path.").reply()
        }
        let drawn = plan.draw(call, using: &random, counting: &stats.faults)
        let reply = perform(drawn, call: call) { state in answer(&state, drawn) }
        stats.answers[call, default: [:]][reply.closesConnection ? 0 : reply.status, default: 0] += 1
        return reply
    }

    private typealias Answer = (inout ServiceState, FaultPlan.Drawn) -> ServiceReply

    private func route(_ request: ServiceRequest) -> (Call, Answer)? {
        if let target = ExportTarget(path: request.path) {
            let call: Call =
                switch request.method {
                case .post: .create
                case .delete: .delete
                default: .get
                }
            return (call, { state, drawn in state.exportReply(to: request, target: target, call: call, drawn: drawn) })
        }
        if request.path.hasPrefix("/blobs/") {
            return (.blob, { state, drawn in state.blobReply(to: request, drawn: drawn) })
        }
        if request.path.hasSuffix("/oauth2/token") || request.path.hasSuffix("/oauth2/v2.0/token") {
            return (.token, { state, drawn in state.tokenReply(to: request, drawn: drawn) })
        }
        if request.path.hasSuffix("/oauth2/v2.0/devicecode") {
            return (.token, { state, drawn in state.deviceCodeReply(to: request, drawn: drawn) })
        }
        return nil
    }

    /// Replaces the proper response by a fault's.
    private mutating func perform(
        _ drawn: FaultPlan.Drawn,
        call: Call,
        answer: (inout ServiceState) -> ServiceReply
    ) -> ServiceReply {
        var reply: ServiceReply
        switch drawn.replacement {
        case nil, .signInError:
            reply = answer(&self)
        case .closed:
            reply = .closed
        case .lostAnswer:
            _ = answer(&self)
            reply = .closed
        case .status(let status, let body, let retryAfter, let afterEffect):
            if afterEffect { _ = answer(&self) }
            let error = ServiceError(status, ServiceError.code(for: status), "A fault that was asked for.")
            reply = error.reply(as: body)
            if let retryAfter { reply.fields[.retryAfter] = retryAfter.value(at: now) }
        }
        reply.delay = drawn.delay
        return reply
    }

    /// Deletes exports, counts and faults; issued tokens stay valid.
    mutating func reset() {
        plan = FaultPlan(faults: configuration.faults)
        store = ExportStore()
        limiter = RateLimiter()
        stats = PayoutSandbox.Stats()
        lockouts = Array(repeating: Lockout(), count: configuration.accounts.count)
        generation += 1
    }

    mutating func addConfiguredRefreshTokens() {
        let expires = now + configuration.tokens.refreshTokenLifetime.inNanoseconds
        for (index, account) in configuration.accounts.enumerated() {
            guard let token = account.refreshToken else { continue }
            let grant = TokenStore.Grant(
                account: UInt16(truncatingIfNeeded: index),
                expires: expires,
                methods: account.refreshTokenHasMFA ? ["pwd", "mfa"] : ["pwd"]
            )
            tokens.addRefreshToken(token, grant)
        }
    }
}
