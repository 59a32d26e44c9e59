import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

// One request for a token, from the credentials to those who wait.

extension AzureADTokenProvider {
    func fetch() async {
        let started = self.environment.clock.uptime()
        var credentials: Credentials?
        do {
            let read = try await self.readCredentials()
            credentials = read
            let grant = try await self.requestGrant(with: read)
            let jitter = self.environment.random()
            let waiters = self.cache.withLock { $0.fetched(grant, started: started, jitter: jitter) }
            for waiter in waiters { waiter.resume(returning: grant.accessToken) }
        } catch let failure {
            self.conclude(failure, credentials: credentials)
        }
    }

    private func conclude(_ failure: AuthenticationFailure, credentials: Credentials?) {
        let now = self.environment.clock.uptime()
        let jitter = self.environment.random()
        let (waiters, isGood) = self.cache.withLock { cache in
            let waiters = cache.failed(
                failure,
                credentials: credentials,
                at: now,
                hold: self.configuration.refusalHold,
                jitter: jitter
            )
            return (waiters, cache.isGood(at: now))
        }
        let metadata: Logger.Metadata = [
            "account": "\(self.configuration.account)", "error.type": "\(failure.reason.code)",
            "error.message": "\(failure)",
        ]
        if isGood {
            self.logger?.warning("access token could not be renewed, the old one is still good", metadata: metadata)
        } else {
            self.logger?.error("no access token could be had", metadata: metadata)
        }
        for waiter in waiters { waiter.resume(throwing: failure) }
    }

    private func readCredentials() async throws(AuthenticationFailure) -> Credentials {
        do {
            return try await self.configuration.flow.readCredentials(self.refreshTokens)
        } catch {
            throw AuthenticationFailure(
                reason: .secretUnavailable,
                account: self.configuration.account,
                detail: (error as? SecretUnavailable)?.description
            )
        }
    }

    /// Where there are several refresh tokens, the next one is tried when one is refused for what it is.
    private func requestGrant(with credentials: Credentials) async throws(AuthenticationFailure) -> TokenGrant {
        guard case .refreshToken = self.configuration.flow else {
            return try await self.request(credentials, refreshToken: nil)
        }
        var refusal = AuthenticationFailure(reason: .secretUnavailable, account: self.configuration.account)
        for token in credentials.refreshTokens {
            do {
                let grant = try await self.request(credentials, refreshToken: token)
                if let next = grant.refreshToken, next != token { await self.saveRefreshToken(next) }
                return grant
            } catch {
                guard error.reason.concernsRefreshToken else { throw error }
                refusal = error
            }
        }
        throw refusal
    }

    private func saveRefreshToken(_ token: String) async {
        let store = self.refreshTokens
        // A write that is synced to disk may block; a pool that is shut down leaves the calling thread to do it.
        let pooled = try? await NIOSingletons.posixBlockingThreadPool.runIfActive { store.rotate(to: token) }
        if let failure = pooled ?? nil {
            self.logger?.error(
                "new refresh token could not be saved, it is lost when this process ends",
                metadata: [
                    "account": "\(self.configuration.account)", "path": "\(store.path ?? "")",
                    "step": "\(failure.step)", "errno": "\(failure.code)",
                ]
            )
        }
    }

    // MARK: - The request

    /// The endpoint to ask: the one that has answered before, or the first choice.
    private var version: EndpointVersion {
        if let version = self.answeringVersion.withLock({ $0 }) ?? self.configuration.endpointVersion { return version }
        if case .password = self.configuration.flow { return .v1 }
        return .v2
    }

    private func form(
        _ credentials: Credentials,
        refreshToken: String?,
        version: EndpointVersion
    ) -> [(name: String, value: String)] {
        var form: [(name: String, value: String)] = [("client_id", self.configuration.clientID)]
        switch self.configuration.flow {
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
        case .v1: form.append(("resource", self.configuration.resource))
        case .v2: form.append(("scope", "\(self.configuration.resource)/.default"))
        }
        return form
    }

    /// Asks for a token; where nothing answers under the endpoint's path, at the other one.
    private func request(
        _ credentials: Credentials,
        refreshToken: String?
    ) async throws(AuthenticationFailure) -> TokenGrant {
        let version = self.version
        do {
            let form = self.form(credentials, refreshToken: refreshToken, version: version)
            return try await self.request(form, to: version, credentials: credentials)
        } catch {
            guard error.isForLackOfEndpoint else { throw error }
            let other: EndpointVersion = version == .v1 ? .v2 : .v1
            let form = self.form(credentials, refreshToken: refreshToken, version: other)
            do {
                let grant = try await self.request(form, to: other, credentials: credentials)
                self.answeringVersion.withLock { $0 = other }
                return grant
            } catch let second {
                // What an endpoint says that is there, is worth more than that there is none.
                throw second.isForLackOfEndpoint ? error : second
            }
        }
    }

    private func request(
        _ form: [(name: String, value: String)],
        to version: EndpointVersion,
        credentials: Credentials
    ) async throws(AuthenticationFailure) -> TokenGrant {
        let path = version == .v1 ? "/oauth2/token" : "/oauth2/v2.0/token"
        let request = OutgoingRequest(
            method: .POST,
            url: "\(self.base.text)/\(self.configuration.tenantID.trimmingBlanks().percentEncoded())\(path)",
            headers: ["accept": "application/json", "content-type": "application/x-www-form-urlencoded"],
            body: ByteBuffer(string: formBody(form)),
            timeout: self.configuration.requestTimeout
        )
        let answer: HTTPAnswer
        do {
            answer = try await self.telemetry.send(
                request,
                over: self.transport,
                route: HTTPRoute("POST", "/{tenantId}\(path)"),
                resends: 0,
                clock: self.environment.clock
            )
        } catch {
            let fault = TransportFault(error)
            throw AuthenticationFailure(
                reason: .transport(fault.failure),
                account: self.configuration.account,
                detail: fault.detail
            )
        }
        return try self.grant(from: answer, credentials: credentials)
    }

    private func grant(
        from answer: HTTPAnswer,
        credentials: Credentials
    ) throws(AuthenticationFailure) -> TokenGrant {
        let members = TokenAnswer(answer.body)
        let now = self.environment.clock.now()
        if (200..<300).contains(answer.status), let grant = members.grant(now: now) { return grant }
        throw members.failure(
            status: answer.status,
            account: self.configuration.account,
            retryAfter: retryAfter(in: answer.headers, now: now),
            secrets: credentials.secrets
        )
    }
}

extension AuthenticationFailure {
    /// Whether the answer says that there is no token endpoint, and not that it refuses.
    fileprivate var isForLackOfEndpoint: Bool {
        self.aadCode == nil && [404, 405, 410].contains(self.httpStatus)
    }
}

extension AuthenticationFailure.Reason {
    /// Whether another refresh token might do better.
    var concernsRefreshToken: Bool {
        switch self {
        case .refreshTokenExpired, .refreshTokenRevoked, .refused("invalid_grant"): true
        default: false
        }
    }
}
