import HTTPTypes

extension ServiceState {
    private enum Version {
        case v1
        case v2
    }

    /// A sign-in, as far as it has been checked.
    private struct SignIn {
        var account: UInt16
        var refreshTokenUsed: String?
        var wantsRefreshToken: Bool
    }

    /// The resources for which tokens are issued; a trailing slash is allowed.
    private var resources: [String] {
        ["https://api.partner.microsoft.com", "4990cffe-04e8-4e8b-808a-1175604b879f", origin]
    }

    /// Answers a request to a token endpoint.
    mutating func tokenReply(to request: ServiceRequest, drawn: FaultPlan.Drawn) -> ServiceReply {
        let now = now
        guard request.method == .post else {
            return refusal(.missingParameter, of: request, at: now)
        }
        if case .signInError(let error) = drawn.replacement {
            return refusal(error, of: request, at: now)
        }
        let segments = request.path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        let version: Version = segments.contains("v2.0") ? .v2 : .v1
        guard let form = FormFields(String(decoding: request.body, as: UTF8.self)) else {
            return refusal(.missingParameter, of: request, at: now)
        }
        let tenant = segments.first.map(String.init) ?? ""
        do {
            let signIn = try signIn(form, tenant: tenant, version: version, at: now)
            return success(signIn, form: form, version: version, at: now)
        } catch {
            return refusal(error, of: request, at: now)
        }
    }

    private mutating func signIn(
        _ form: FormFields,
        tenant: String,
        version: Version,
        at now: Timestamp
    ) throws(PayoutSandbox.SignInError) -> SignIn {
        let tenants = indices { $0.tenantID.lowercased() == tenant.lowercased() }
        guard !tenants.isEmpty else { throw .tenantNotFound }
        guard let clientID = form["client_id"], let grantType = form["grant_type"] else {
            throw .missingParameter
        }
        let clients = tenants.filter { configuration.accounts[$0].clientID.lowercased() == clientID.lowercased() }
        guard let client = clients.first else { throw .applicationNotFound }
        if let error = audienceError(form, version: version) { throw error }
        if let error = secretError(form, client: client, isRequired: grantType == "client_credentials") {
            throw error
        }
        let asksOffline = (form["scope"] ?? "").split(separator: " ").contains("offline_access")
        switch grantType {
        case "password":
            let account = try password(form, among: clients, at: now)
            return SignIn(account: account, wantsRefreshToken: version == .v1 || asksOffline)
        case "refresh_token":
            return try refresh(form, among: clients, at: now)
        case "client_credentials":
            // No user signs in here, so what is wrong with the user does not matter.
            switch configuration.accounts[client].refusal {
            case nil, .multiFactorRequired, .multiFactorEnrolmentRequired, .accountLocked, .wrongPassword: break
            case let error?: throw error
            }
            return SignIn(account: UInt16(truncatingIfNeeded: client), wantsRefreshToken: false)
        default:
            throw .unsupportedGrantType
        }
    }

    private func audienceError(_ form: FormFields, version: Version) -> PayoutSandbox.SignInError? {
        func isKnown(_ resource: Substring) -> Bool {
            let resource = resource.hasSuffix("/") ? resource.dropLast() : resource
            return resources.contains { $0 == resource }
        }
        switch version {
        case .v1:
            guard let resource = form["resource"] else { return .missingParameter }
            return isKnown(resource[...]) ? nil : .resourceNotFound
        case .v2:
            guard let scope = form["scope"] else { return .missingParameter }
            let suffix = "/.default"
            let resource = scope.split(separator: " ").first { $0.hasSuffix(suffix) }
            guard let resource else { return .invalidScope }
            return isKnown(resource.dropLast(suffix.count)) ? nil : .resourceNotFound
        }
    }

    private func secretError(_ form: FormFields, client: Int, isRequired: Bool) -> PayoutSandbox.SignInError? {
        let account = configuration.accounts[client]
        guard let secret = form["client_secret"] else {
            return isRequired || !account.allowsPublicClientFlows ? .secretRequired : nil
        }
        // A public client may send a secret: it is looked at only where the application has one.
        guard let expected = account.clientSecret else { return isRequired ? .wrongSecret : nil }
        return secret == expected ? nil : .wrongSecret
    }

    private mutating func password(
        _ form: FormFields,
        among clients: [Int],
        at now: Timestamp
    ) throws(PayoutSandbox.SignInError) -> UInt16 {
        guard let username = form["username"], let password = form["password"] else { throw .missingParameter }
        let index = clients.first { configuration.accounts[$0].username.lowercased() == username.lowercased() }
        guard let index else { throw .wrongPassword }
        let account = configuration.accounts[index]
        if let until = lockouts[index].lockedUntil {
            if now < until {
                lockouts[index].lockedUntil = now + account.lockoutDuration.wholeNanoseconds
                throw .accountLocked
            }
            lockouts[index] = Lockout()
        }
        guard password == account.password else {
            lockouts[index].failures += 1
            if lockouts[index].failures >= account.lockoutThreshold {
                lockouts[index].lockedUntil = now + account.lockoutDuration.wholeNanoseconds
            }
            throw .wrongPassword
        }
        lockouts[index].failures = 0
        if let error = account.refusal { throw error }
        return UInt16(truncatingIfNeeded: index)
    }

    private mutating func refresh(
        _ form: FormFields,
        among clients: [Int],
        at now: Timestamp
    ) throws(PayoutSandbox.SignInError) -> SignIn {
        guard let token = form["refresh_token"] else { throw .missingParameter }
        guard let known = tokens.lookUp(refreshToken: token, at: now), clients.contains(Int(known.account)) else {
            throw .refreshTokenInvalid
        }
        if known.isExpired { throw .refreshTokenExpired }
        // The refresh token was obtained with multi-factor authentication: that is the point of this flow.
        switch configuration.accounts[Int(known.account)].refusal {
        case nil, .multiFactorRequired, .multiFactorEnrolmentRequired: break
        case let error?: throw error
        }
        return SignIn(account: known.account, refreshTokenUsed: token, wantsRefreshToken: true)
    }

    private mutating func success(
        _ signIn: SignIn,
        form: FormFields,
        version: Version,
        at now: Timestamp
    ) -> ServiceReply {
        let policy = configuration.tokens
        let expires = now + policy.lifetime.wholeNanoseconds
        let access = tokens.issueAccessToken(account: signIn.account, expires: expires, serial: random.next(), at: now)
        var refresh: String?
        if signIn.wantsRefreshToken, signIn.refreshTokenUsed == nil || policy.rotation != .none {
            refresh = tokens.issueRefreshToken(
                account: signIn.account,
                expires: now + policy.refreshTokenLifetime.wholeNanoseconds,
                serial: random.next()
            )
            if let used = signIn.refreshTokenUsed, policy.rotation == .replacesPrevious {
                tokens.remove(refreshToken: used)
            }
        }
        stats.tokensIssued += 1
        let seconds = String(policy.lifetime.components.seconds)
        var bytes: [UInt8] = []
        bytes.appendText("{\"token_type\":\"Bearer\",")
        switch version {
        case .v1:
            bytes.appendText("\"scope\":\"user_impersonation\",\"expires_in\":\"\(seconds)\",")
            bytes.appendText("\"ext_expires_in\":\"\(seconds)\",\"expires_on\":\"\(expires.seconds)\",")
            bytes.appendText("\"not_before\":\"\(now.seconds)\",\"resource\":")
            bytes.appendJSONString(form["resource"] ?? "")
        case .v2:
            bytes.appendText("\"scope\":")
            bytes.appendJSONString(form["scope"] ?? "")
            bytes.appendText(",\"expires_in\":\(seconds),\"ext_expires_in\":\(seconds)")
        }
        bytes.appendText(",\"access_token\":")
        bytes.appendJSONString(access)
        if let refresh {
            bytes.appendText(",\"refresh_token\":")
            bytes.appendJSONString(refresh)
        }
        bytes.appendText("}")
        return tokenJSON(bytes, status: 200)
    }

    private mutating func refusal(
        _ error: PayoutSandbox.SignInError,
        of request: ServiceRequest,
        at now: Timestamp
    ) -> ServiceReply {
        stats.signInsRefused += 1
        let trace = GUID(using: &random)
        let correlation = request.fields[.clientRequestID].flatMap { GUID($0) } ?? GUID(using: &random)
        var bytes: [UInt8] = []
        bytes.appendText("{\"error\":\"\(error.oauthCode)\",\"error_description\":")
        bytes.appendJSONString(
            "AADSTS\(error.rawValue): \(error.message) Trace ID: \(trace.text) Correlation ID: \(correlation.text) "
                + "Timestamp: \(now.secondsText)"
        )
        bytes.appendText(",\"error_codes\":[\(error.rawValue)],\"timestamp\":\"\(now.secondsText)\",\"trace_id\":")
        bytes.appendJSONString(trace)
        bytes.appendText(",\"correlation_id\":")
        bytes.appendJSONString(correlation)
        if let suberror = error.suberror { bytes.appendText(",\"suberror\":\"\(suberror)\"") }
        bytes.appendText("}")
        return tokenJSON(bytes, status: error.status)
    }

    private func tokenJSON(_ bytes: [UInt8], status: Int) -> ServiceReply {
        var reply = ServiceReply.json(bytes, status: status)
        reply.fields[.cacheControl] = "no-store, no-cache"
        return reply
    }

    private func indices(where condition: (PayoutSandbox.Account) -> Bool) -> [Int] {
        configuration.accounts.indices.filter { condition(configuration.accounts[$0]) }
    }
}
