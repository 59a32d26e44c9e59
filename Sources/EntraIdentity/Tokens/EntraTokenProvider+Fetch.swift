import HTTPAccess
import Logging
import NIOCore
import NIOPosix
import Primitives
import Synchronization

// One token request: reads the credentials, sends them, saves a new refresh token and resumes the waiting callers.

extension EntraTokenProvider {
    func fetch() async {
        let started = environment.clock.uptime()
        var credentials: Credentials?
        do {
            let read = try await readCredentials()
            credentials = read
            let grant = try await requestGrant(with: read)
            let jitter = environment.random()
            let waiters = cache.withLock { $0.fetched(grant, started: started, jitter: jitter) }
            for waiter in waiters { waiter.resume(returning: grant.accessToken) }
        } catch let failure {
            conclude(failure, credentials: credentials)
        }
    }

    private func conclude(_ failure: AuthenticationFailure, credentials: Credentials?) {
        let now = environment.clock.uptime()
        let jitter = environment.random()
        let (waiters, isGood) = self.cache.withLock { cache in
            let waiters = cache.failed(
                failure,
                credentials: credentials,
                at: now,
                hold: configuration.refusalHold,
                jitter: jitter
            )
            return (waiters, cache.isGood(at: now))
        }
        let metadata: Logger.Metadata = [
            "account": "\(configuration.account)", "error.type": "\(failure.reason.code)",
            "error.message": "\(failure)",
        ]
        if isGood {
            logger?.warning("Access token could not be renewed, the old one is still valid", metadata: metadata)
        } else if waiters.isEmpty {
            logger?.error("Failed to obtain an access token", metadata: metadata)
        } else {
            // The callers get the error and report it.
            logger?.info("Failed to obtain an access token", metadata: metadata)
        }
        for waiter in waiters { waiter.resume(throwing: failure) }
    }

    private func readCredentials() async throws(AuthenticationFailure) -> Credentials {
        defer { reportSavedToken() }
        do {
            return try await configuration.flow.readCredentials(refreshTokens)
        } catch {
            let secret = error as? SecretUnavailable
            throw AuthenticationFailure(
                reason: secret.map(lacksRefreshToken) == true ? .notSignedIn : .secretUnavailable,
                account: configuration.account,
                detail: secret?.description
            )
        }
    }

    /// Whether the file is that of a refresh token, and does not exist.
    private func lacksRefreshToken(_ secret: SecretUnavailable) -> Bool {
        guard case .refreshToken(let token, _, let savedIn) = configuration.flow, secret.problem == .unreadable else {
            return false
        }
        return (secret.path == token.filePath || secret.path == savedIn) && isAbsent(secret.path)
    }

    /// Requests a grant. Where there are several refresh tokens, the next one is tried when one is expired or revoked.
    private func requestGrant(with credentials: Credentials) async throws(AuthenticationFailure) -> TokenGrant {
        guard case .refreshToken = configuration.flow else {
            return try await request(credentials, refreshToken: nil)
        }
        var refusal = AuthenticationFailure(reason: .secretUnavailable, account: configuration.account)
        let tokens = credentials.refreshTokens
        for candidate in tokens.candidates {
            do {
                let grant = try await request(credentials, refreshToken: candidate.token)
                let authenticated = TokenClaims(grant.accessToken)?.signedIn
                refreshTokens.used(candidate, authenticated: authenticated, at: environment.clock.now())
                if let next = grant.refreshToken, next != candidate.token {
                    await saveRefreshToken(next, from: candidate, of: tokens)
                }
                return grant
            } catch {
                guard error.reason.concernsRefreshToken else { throw error }
                refusal = error
            }
        }
        throw refusal
    }

    private func saveRefreshToken(
        _ token: String,
        from used: RefreshTokens.Candidate,
        of tokens: RefreshTokens
    ) async {
        let store = refreshTokens
        let now = environment.clock.now()
        // A synced write may block, so it runs on the pool.
        let pooled = try? await NIOSingletons.posixBlockingThreadPool.runIfActive {
            store.rotate(to: token, from: used, of: tokens, at: now)
        }
        if let failure = pooled ?? nil {
            logger?.error(
                "New refresh token could not be saved, it is lost when this process ends",
                metadata: [
                    "account": "\(configuration.account)", "path": "\(failure.path)",
                    "step": "\(failure.step)", "errno": "\(failure.errno)",
                ]
            )
        }
    }

    /// Logs once that the saved token cannot be used.
    func reportSavedToken() {
        let problem = refreshTokens.status.savedUnusable
        let isNew = reportedSaved.withLock { reported in
            defer { reported = problem }
            return problem != nil && reported != problem
        }
        guard isNew, let problem else { return }
        logger?.warning(
            "Saved refresh token cannot be used",
            metadata: [
                "account": "\(configuration.account)", "path": "\(problem.path)",
                "error.type": "\(problem.problem.rawValue)", "error.message": "\(problem)",
            ]
        )
    }

    // MARK: - The request

    /// The endpoint version to use: the one that has answered before, or the first choice.
    private var version: EndpointVersion {
        if let version = answeringVersion.withLock({ $0 }) ?? configuration.endpointVersion { return version }
        if case .password = configuration.flow { return .v1 }
        return .v2
    }

    private func form(
        _ credentials: Credentials,
        refreshToken: String?,
        version: EndpointVersion
    ) -> [(name: String, value: String)] {
        var form: [(name: String, value: String)] = [("client_id", configuration.clientID)]
        switch configuration.flow {
        case .password(let username, _, _):
            form += [
                ("grant_type", "password"), ("username", username), ("password", credentials.password ?? ""),
            ]
        case .refreshToken:
            form += [("grant_type", "refresh_token"), ("refresh_token", refreshToken ?? "")]
        case .clientCredentials:
            form += [("grant_type", "client_credentials")]
        }
        if let clientSecret = credentials.clientSecret { form.append(("client_secret", clientSecret)) }
        switch version {
        case .v1: form.append(("resource", configuration.resource))
        case .v2: form.append(("scope", "\(configuration.resource)/.default"))
        }
        return form
    }

    /// Requests a token; where the endpoint version does not exist, from the other version.
    private func request(
        _ credentials: Credentials,
        refreshToken: String?
    ) async throws(AuthenticationFailure) -> TokenGrant {
        let version = self.version
        do {
            let form = self.form(credentials, refreshToken: refreshToken, version: version)
            return try await request(form, to: version, credentials: credentials)
        } catch {
            guard error.meansMissingEndpoint else { throw error }
            let other: EndpointVersion = version == .v1 ? .v2 : .v1
            let form = self.form(credentials, refreshToken: refreshToken, version: other)
            do {
                let grant = try await request(form, to: other, credentials: credentials)
                answeringVersion.withLock { $0 = other }
                return grant
            } catch let second {
                // The answer of an existing endpoint is more useful than that of a missing one.
                throw second.meansMissingEndpoint ? error : second
            }
        }
    }

    private func request(
        _ form: [(name: String, value: String)],
        to version: EndpointVersion,
        credentials: Credentials
    ) async throws(AuthenticationFailure) -> TokenGrant {
        let path = version == .v1 ? "/oauth2/token" : "/oauth2/v2.0/token"
        return try await endpoint.grant(form, path: path, secrets: credentials.secrets)
    }
}

extension AuthenticationFailure {
    /// Whether the answer means that there is no token endpoint, and not that the endpoint refuses the request.
    fileprivate var meansMissingEndpoint: Bool {
        aadCode == nil && [404, 405, 410].contains(httpStatus)
    }
}

extension AuthenticationFailure.Reason {
    /// Whether another refresh token may be accepted.
    var concernsRefreshToken: Bool {
        switch self {
        case .refreshTokenExpired, .refreshTokenRevoked, .mfaRequired, .mfaExpired, .signInFrequency,
            .refused("invalid_grant"):
            true
        default: false
        }
    }
}
