import Foundation
public import HTTPAccess
public import Logging
import NIOCore
import NIOPosix
public import Primitives
import Synchronization

/// Obtains access tokens from the Microsoft identity platform and caches them: concurrent callers share one request, and
/// tokens are renewed in the background before they expire. API clients and the Azure Blob store use it.
///
/// After a refusal the platform is not asked again with the same credentials for a while; for a locked account, not until
/// its credentials change or ``reset()`` is called.
public final class EntraTokenProvider: TokenProvider {
    /// How the account signs in.
    public enum Flow: Sendable {
        /// User name and password: the flow that the API's guide names. Accounts with multi-factor authentication
        /// cannot use it. A public client needs no client secret.
        case password(username: String, password: Secret, clientSecret: Secret?)
        /// A refresh token, as partners with multi-factor authentication use unattended. New refresh tokens are
        /// written to `savedIn`, or to the token's own file where it has one and `savedIn` is nil. Where `savedIn` is
        /// given, the token itself may be empty: then only the saved one is used, which a sign-in puts there.
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

    /// The application and the flow of an account. The application's members are members of the configuration.
    @dynamicMemberLookup public struct Configuration: Sendable {
        /// The application and the tenant.
        public var application: EntraApplication
        /// How the account signs in.
        public var flow: Flow
        /// The endpoint version to use first; nil for the documented one: ``EndpointVersion/v1`` for passwords,
        /// ``EndpointVersion/v2`` otherwise. Where it does not exist, the other one is used.
        public var endpointVersion: EndpointVersion?
        /// The wait after a refusal before the same credentials are tried again.
        public var refusalHold: Duration = .seconds(300)

        /// Makes a configuration with the defaults.
        public init(tenantID: String, clientID: String, flow: Flow) {
            self.init(EntraApplication(tenantID: tenantID, clientID: clientID), flow: flow)
        }

        /// Makes a configuration for an application.
        public init(_ application: EntraApplication, flow: Flow) {
            self.application = application
            self.flow = flow
        }

        /// A member of the application.
        public subscript<Value>(dynamicMember member: WritableKeyPath<EntraApplication, Value>) -> Value {
            get { application[keyPath: member] }
            set { application[keyPath: member] = newValue }
        }
    }

    let configuration: Configuration
    let endpoint: TokenEndpoint
    let environment: HTTPEnvironment
    let logger: Logger?
    let refreshTokens: RefreshTokenStore
    let cache = Mutex(TokenCache())
    private let hasReadAge = Mutex(false)
    /// The problem that ``reportSavedToken()`` logged last.
    let reportedSaved = Mutex<SecretUnavailable?>(nil)
    /// The endpoint version that has answered, where it is not the first choice.
    let answeringVersion = Mutex<EndpointVersion?>(nil)

    /// Makes a provider; nothing is sent yet.
    ///
    /// - Parameters:
    ///   - configuration: The application, the tenant and the flow.
    ///   - transport: The connections to use.
    ///   - environment: The sources of time and randomness.
    ///   - logger: Logs tokens that could not be obtained or saved.
    /// - Throws: ``HTTPAccess/ClientConfigurationError`` when the authority, the tenant or the application is missing.
    public init(
        configuration: Configuration,
        transport: HTTPTransport,
        environment: HTTPEnvironment = .system,
        logger: Logger? = nil
    ) throws(ClientConfigurationError) {
        endpoint = try TokenEndpoint(configuration.application, transport, environment)
        self.configuration = configuration
        self.environment = environment
        self.logger = logger
        var (token, savedIn): (Secret, String?) = (Secret(""), nil)
        if case .refreshToken(let own, _, let path) = configuration.flow { (token, savedIn) = (own, path) }
        refreshTokens = RefreshTokenStore(configured: token, savedIn: savedIn, now: environment.clock.now())
    }

    /// A valid token: the cached one, or a new one.
    ///
    /// - Throws: ``AuthenticationFailure``, or `CancellationError` when the task was cancelled; the request continues for
    ///   other callers.
    nonisolated(nonsending) public func token() async throws -> AccessToken {
        let now = environment.clock.uptime()
        switch cache.withLock({ $0.decide(at: now) }) {
        case .use(let token):
            return token
        case .useAndFetch(let token):
            startFetching()
            return token
        case .wait:
            try await throwCurrentRefusal(at: now)
            return try await waitForToken()
        }
    }

    /// Discards a token that the service has refused.
    public func invalidate(_ token: AccessToken) async {
        cache.withLock { $0.invalidate(token) }
    }

    /// Clears a refusal or a lock: the next call sends a request to the identity platform.
    public func reset() {
        cache.withLock { $0.forgetRefusal() }
    }

    /// Reports that the account's secrets have changed: the cached token, which was obtained with the old secrets, is
    /// discarded, and a refusal is cleared.
    public func credentialsChanged() {
        let now = environment.clock.uptime()
        self.cache.withLock { cache in
            cache.forgetRefusal()
            cache.forgetToken(at: now)
        }
    }

    // MARK: - The refresh token

    /// The age and the storage of the refresh token; nil for flows without one.
    public var refreshTokenStatus: RefreshTokenStatus? {
        if case .refreshToken = configuration.flow { refreshTokens.status } else { nil }
    }

    /// Keeps the refresh token valid and saved while no calls are made: reads its age from its file, saves it where that
    /// failed before, and uses it when its last use was too long ago, or at the start where its age is unknown. To be called
    /// periodically.
    ///
    /// - Parameter limit: The longest time without a use.
    public func keepRefreshToken(unusedAtMost limit: Duration) async {
        guard case .refreshToken = configuration.flow else { return }
        let isFirst = hasReadAge.withLock { hasRead in
            defer { hasRead = true }
            return !hasRead
        }
        let store = refreshTokens
        let isKnown = try? await NIOSingletons.posixBlockingThreadPool.runIfActive {
            let isKnown = store.readAge()
            _ = store.save()
            return isKnown
        }
        reportSavedToken()
        let unused = environment.clock.now().timeIntervalSince(store.status.lastUsed)
        guard unused >= limit.inSeconds || (isFirst && isKnown == false) else { return }
        _ = try? await token()
    }

    /// Whether a file's content was written by this provider, and not by an operator or another program.
    public func wroteRefreshToken(_ content: String) -> Bool { refreshTokens.wrote(content) }

    // MARK: - Waiting

    /// Throws the refusal that applies, unless the credentials have changed.
    private func throwCurrentRefusal(at now: Duration) async throws {
        guard cache.withLock({ $0.currentRefusal(at: now) }) != nil else { return }
        let credentials = try? await configuration.flow.readCredentials(refreshTokens)
        if let failure = cache.withLock({ $0.refusal(for: credentials, at: now) }) { throw failure }
    }

    private func waitForToken() async throws -> AccessToken {
        let id = cache.withLock { $0.makeWaiterID() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiter in
                let now = environment.clock.uptime()
                let registration = cache.withLock {
                    $0.register(waiter, id: id, isCancelled: Task.isCancelled, at: now)
                }
                switch registration {
                case .waiting: break
                case .waitingAndFetch: startFetching()
                case .resume(let result): waiter.resume(with: result)
                }
            }
        } onCancel: {
            cache.withLock { $0.cancelWaiter(id) }?.resume(throwing: CancellationError())
        }
    }

    /// Starts a request in a task of its own. All waiting callers share it, so cancelling one of them must not cancel it.
    private func startFetching() {
        Task.detached { await self.fetch() }
    }
}
