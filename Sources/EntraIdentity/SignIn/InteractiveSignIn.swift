public import HTTPAccess
public import Primitives

/// Signs a person in, once, so that a program can run unattended with the refresh token: with a browser, or with a device
/// code where there is none.
///
/// ```swift
/// let signIn = try InteractiveSignIn(configuration: configuration, transport: transport)
/// let result = try await signIn.withBrowser { url in print("Open \(url)") }
/// ```
public struct InteractiveSignIn: Sendable {
    /// The application that the person signs in to. Its members are members of the configuration.
    @dynamicMemberLookup public struct Configuration: Sendable {
        /// The application and the tenant.
        public var application: EntraApplication
        /// The application's secret; nil for a public client.
        public var clientSecret: Secret?
        /// The longest wait for the person.
        public var timeLimit: Duration = .seconds(600)

        /// Makes a configuration with the defaults.
        public init(_ application: EntraApplication) { self.application = application }

        /// A member of the application.
        public subscript<Value>(dynamicMember member: KeyPath<EntraApplication, Value>) -> Value {
            application[keyPath: member]
        }
    }

    let configuration: Configuration
    let endpoint: TokenEndpoint
    let environment: HTTPEnvironment

    static let tokenPath = "/oauth2/v2.0/token"

    /// Prepares a sign-in; nothing is sent yet.
    ///
    /// - Parameters:
    ///   - configuration: The application and the tenant.
    ///   - transport: The connections to use.
    ///   - environment: The sources of time and randomness.
    /// - Throws: ``HTTPAccess/ClientConfigurationError`` when the authority, the tenant or the application is missing.
    public init(
        configuration: Configuration,
        transport: HTTPTransport,
        environment: HTTPEnvironment = .system
    ) throws(ClientConfigurationError) {
        endpoint = try TokenEndpoint(configuration.application, transport, environment)
        self.configuration = configuration
        self.environment = environment
    }

    /// Signs in with a browser: authorization code with PKCE and a redirect to a port of this machine. The application is
    /// registered with the platform "Mobile and desktop applications" and the redirect URI `http://localhost`.
    ///
    /// Before the page is opened, a request checks that the identity platform knows the tenant and the application: the page
    /// would report an error to the person alone.
    ///
    /// - Parameters:
    ///   - open: Opens the page, or shows its address. The address holds no secret.
    ///   - accept: Checks and saves the result while the browser waits. The browser shows "Signed in" only when it returns
    ///     true.
    /// - Throws: ``AuthenticationFailure``, what `accept` throws, or `CancellationError` when the task was cancelled.
    public func withBrowser(
        open: @Sendable (_ url: String) async -> Void,
        accept: @Sendable (SignedIn) async throws -> Bool = { _ in true }
    ) async throws -> SignedIn {
        let secret = try clientSecret()
        let state = AuthorizationRequest.random()
        let listener: LoopbackListener
        do {
            listener = try await LoopbackListener.start(state: state)
        } catch {
            throw AuthenticationFailure(reason: .noListener, account: configuration.account)
        }
        let request = AuthorizationRequest(redirectURI: listener.redirectURI, state: state)
        do {
            try await checkApplication(listener.redirectURI, secret)
            let query = request.query(clientID: endpoint.clientID, scope: scope)
            await open("\(endpoint.url("/oauth2/v2.0/authorize"))?\(query)")
            let answer = try await withinTimeLimit { try await listener.receive() }
            let code = try request.code(in: answer, account: configuration.account)
            let form = request.form(code: code, clientID: endpoint.clientID, scope: scope) + secret.form
            let secrets = [code, request.verifier] + secret.texts
            let grant = try await endpoint.grant(form, path: Self.tokenPath, secrets: secrets)
            try request.check(grant.identityToken, account: configuration.account)
            let result = signedIn(grant)
            await listener.finish(try await accept(result) ? .signedIn : .failed)
            return result
        } catch {
            await listener.finish(.failed)
            throw error
        }
    }

    /// Fails where no sign-in can succeed: the authority does not answer, or does not know the tenant or the application.
    ///
    /// It redeems a code that does not exist, with a verifier of its own: the identity platform reports a wrong tenant or
    /// application before a wrong code.
    private func checkApplication(_ redirectURI: String, _ secret: ClientSecret) async throws {
        let trial = AuthorizationRequest(redirectURI: redirectURI)
        let form = trial.form(code: "none", clientID: endpoint.clientID, scope: scope) + secret.form
        do throws(AuthenticationFailure) {
            _ = try await endpoint.grant(form, path: Self.tokenPath, secrets: secret.texts)
        } catch {
            try Task.checkCancellation()
            if error.preventsSignIn { throw error }
        }
    }

    // MARK: - Shared by both flows

    /// The requested scopes. They include the person's identity, whose token is tied to the request by its nonce.
    var scope: String { "\(configuration.resource)/.default offline_access openid profile" }

    typealias ClientSecret = (form: [(name: String, value: String)], texts: [String])

    /// The client secret as form fields, and as texts to redact.
    func clientSecret() throws -> ClientSecret {
        guard let secret = configuration.clientSecret else { return ([], []) }
        do {
            let text = try secret.read()
            return ([("client_secret", text)], [text])
        } catch {
            throw AuthenticationFailure(
                reason: .secretUnavailable,
                account: configuration.account,
                detail: error.description
            )
        }
    }

    func signedIn(_ grant: TokenGrant) -> SignedIn {
        SignedIn(
            accessToken: grant.accessToken,
            refreshToken: grant.refreshToken.map { Secret($0) },
            claims: TokenClaims(grant.accessToken),
            person: grant.identityToken.flatMap { TokenClaims(token: $0) },
            time: environment.clock.now()
        )
    }

    /// - Throws: ``AuthenticationFailure/Reason/signInTimedOut``.
    private func withinTimeLimit<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let (clock, limit) = (environment.clock, configuration.timeLimit)
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await clock.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() ?? nil else {
                throw AuthenticationFailure(reason: .signInTimedOut, account: configuration.account)
            }
            return value
        }
    }
}

extension AuthenticationFailure {
    /// Whether this failure, after a code that does not exist, means that every code would be refused.
    fileprivate var preventsSignIn: Bool {
        switch reason {
        case .applicationNotFound, .tenantNotFound, .clientSecretRequired, .clientSecretRefused, .transport: true
        // The answer has neither a token nor an OAuth error: it is from another server.
        case .unreadableAnswer: true
        default: false
        }
    }
}
