public import Logging
import NIOHTTP1
import Synchronization

/// Gets access tokens from the Microsoft identity platform and keeps them: one request however many callers wait,
/// renewed ahead of expiry in the background.
///
/// A refusal stands for a while before the platform is asked again with the same credentials, a locked account until
/// its credentials change or ``reset()`` is called.
public final class AzureADTokenProvider: TokenProvider {
    /// How the account signs in.
    public enum Flow: Sendable {
        /// User name and password: the flow that the API's guide names. Accounts with multi-factor authentication
        /// cannot use it. A public client needs no client secret.
        case password(username: String, password: Secret, clientSecret: Secret?)
        /// A refresh token, as partners with multi-factor authentication use unattended. New refresh tokens are
        /// written to `savedIn`, or to the token's own file where it has one and `savedIn` is nil.
        case refreshToken(Secret, clientSecret: Secret?, savedIn: String?)
        /// The application alone.
        case clientCredentials(clientSecret: Secret)
    }

    /// A version of the identity platform's token endpoint.
    public enum EndpointVersion: String, Sendable, Hashable {
        /// `/oauth2/token` with `resource`.
        case v1
        /// `/oauth2/v2.0/token` with `scope`.
        case v2
    }

    /// Who asks whom, and how.
    public struct Configuration: Sendable {
        /// The identity platform's address.
        public var authority = "https://login.microsoftonline.com"
        /// The tenant's id or domain.
        public var tenantID: String
        /// The application's id.
        public var clientID: String
        /// How the account signs in.
        public var flow: Flow
        /// What the token is for.
        public var resource = "https://api.partner.microsoft.com"
        /// The endpoint to ask first; nil for the documented one: ``EndpointVersion/v1`` for passwords,
        /// ``EndpointVersion/v2`` otherwise. Where there is none under its path, the other one is asked.
        public var endpointVersion: EndpointVersion?
        /// The name that errors and logs call the account by.
        public var account = "default"
        /// The longest wait for one answer.
        public var requestTimeout: Duration = .seconds(30)
        /// How long a refusal stands before it is tried again with the same credentials.
        public var refusalHold: Duration = .seconds(300)

        /// Makes a configuration with the defaults.
        public init(tenantID: String, clientID: String, flow: Flow) {
            self.tenantID = tenantID
            self.clientID = clientID
            self.flow = flow
        }
    }

    let configuration: Configuration
    let base: BaseAddress
    let transport: PayoutTransport
    let environment: PayoutEnvironment
    let logger: Logger?
    let telemetry: HTTPTelemetry
    let refreshTokens: RefreshTokenStore
    let cache = Mutex(TokenCache())
    /// The version that has answered, where it is not the first choice.
    let answeringVersion = Mutex<EndpointVersion?>(nil)

    /// Makes a provider; nothing is sent yet.
    ///
    /// - Parameters:
    ///   - configuration: Who asks whom, and how.
    ///   - transport: The connections to use.
    ///   - environment: Time and chance.
    ///   - logger: Hears of tokens that could not be had or saved.
    /// - Throws: ``PayoutConfigurationError`` when the authority, the tenant or the application is missing.
    public init(
        configuration: Configuration,
        transport: PayoutTransport,
        environment: PayoutEnvironment = .system,
        logger: Logger? = nil
    ) throws(PayoutConfigurationError) {
        for (setting, value) in [("tenantID", configuration.tenantID), ("clientID", configuration.clientID)]
        where value.trimmingBlanks().isEmpty {
            throw PayoutConfigurationError(setting: setting, problem: "it is required")
        }
        self.base = try BaseAddress(
            configuration.authority,
            setting: "authority",
            withoutSegment: configuration.tenantID.trimmingBlanks()
        )
        self.configuration = configuration
        self.transport = transport
        self.environment = environment
        self.logger = logger
        self.telemetry = HTTPTelemetry(host: self.base.host, port: self.base.port)
        if case .refreshToken(let token, _, let savedIn) = configuration.flow {
            self.refreshTokens = RefreshTokenStore(configured: token, savedIn: savedIn)
        } else {
            self.refreshTokens = RefreshTokenStore(configured: Secret(""), savedIn: nil)
        }
    }

    /// A token that is good for now: the one at hand, or a new one.
    ///
    /// - Throws: ``AuthenticationFailure``, or `CancellationError` when the task was cancelled; the request for the
    ///   others goes on.
    public func token() async throws -> AccessToken {
        let now = self.environment.clock.uptime()
        switch self.cache.withLock({ $0.decide(at: now) }) {
        case .use(let token):
            return token
        case .useAndFetch(let token):
            self.startFetching()
            return token
        case .wait:
            try await self.throwStandingRefusal(at: now)
            return try await self.waitForToken()
        }
    }

    /// Says that the service refused a token: it is not handed out again.
    public func invalidate(_ token: AccessToken) async {
        self.cache.withLock { $0.invalidate(token) }
    }

    /// Forgets that the account was refused or locked: the next call asks the identity platform again.
    public func reset() {
        self.cache.withLock { $0.forgetRefusal() }
    }

    // MARK: - Waiting

    /// A refusal stands until its time is over or the credentials are others.
    private func throwStandingRefusal(at now: Duration) async throws {
        guard self.cache.withLock({ $0.standingRefusal(at: now) }) != nil else { return }
        let credentials = try? await self.configuration.flow.readCredentials(self.refreshTokens)
        if let failure = self.cache.withLock({ $0.refusal(for: credentials, at: now) }) { throw failure }
    }

    private func waitForToken() async throws -> AccessToken {
        let id = self.cache.withLock { $0.makeWaiterID() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiter in
                let now = self.environment.clock.uptime()
                let registration = self.cache.withLock {
                    $0.register(waiter, id: id, isCancelled: Task.isCancelled, at: now)
                }
                switch registration {
                case .waiting: break
                case .waitingAndFetch: self.startFetching()
                case .resume(let result): waiter.resume(with: result)
                }
            }
        } onCancel: {
            self.cache.withLock { $0.cancelWaiter(id) }?.resume(throwing: CancellationError())
        }
    }

    /// The request belongs to nobody: a caller that is cancelled must not take it from the others.
    private func startFetching() {
        Task.detached { await self.fetch() }
    }
}
