import HTTPTypes
import Primitives

extension ServiceState {
    enum Version {
        case v1
        case v2
    }

    /// A sign-in, as far as it has been checked.
    struct SignIn {
        var account: UInt16
        var refreshTokenUsed: String?
        var wantsRefreshToken: Bool
        /// How the person proved who they are; empty for an application alone.
        var methods: [String] = ["pwd"]
        /// Asked for with a code; an identity token repeats it.
        var nonce: String?
        /// What the code was asked for; where it is nil the form says it.
        var scope: String?
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
        if form["grant_type"] == Self.deviceGrant {
            return deviceTokenReply(form, tenant: tenant, to: request, at: now)
        }
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
        guard let grantType = form["grant_type"] else { throw .missingParameter }
        let clients = try clients(form["client_id"], tenant: tenant)
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
        case "authorization_code":
            return try redeem(form, among: clients, at: now)
        case "refresh_token":
            return try refresh(form, among: clients, at: now)
        case "client_credentials":
            // No user signs in here, so what is wrong with the user does not matter.
            switch configuration.accounts[client].refusal {
            case nil, .multiFactorRequired, .multiFactorEnrolmentRequired, .accountLocked, .wrongPassword: break
            case let error?: throw error
            }
            return SignIn(account: UInt16(truncatingIfNeeded: client), wantsRefreshToken: false, methods: [])
        default:
            throw .unsupportedGrantType
        }
    }

    /// The accounts of a tenant's application.
    func clients(_ clientID: String?, tenant: String) throws(PayoutSandbox.SignInError) -> [Int] {
        let tenants = indices { $0.tenantID.lowercased() == tenant.lowercased() }
        guard !tenants.isEmpty else { throw .tenantNotFound }
        guard let clientID else { throw .missingParameter }
        let clients = tenants.filter { configuration.accounts[$0].clientID.lowercased() == clientID.lowercased() }
        guard !clients.isEmpty else { throw .applicationNotFound }
        return clients
    }

    func isKnown(resource: Substring) -> Bool {
        let resource = resource.hasSuffix("/") ? resource.dropLast() : resource
        return resources.contains { $0 == resource }
    }

    func audienceError(_ form: FormFields, version: Version) -> PayoutSandbox.SignInError? {
        switch version {
        case .v1:
            guard let resource = form["resource"] else { return .missingParameter }
            return isKnown(resource: resource[...]) ? nil : .resourceNotFound
        case .v2:
            guard let scope = form["scope"] else { return .missingParameter }
            let suffix = "/.default"
            let resource = scope.split(separator: " ").first { $0.hasSuffix(suffix) }
            guard let resource else { return .invalidScope }
            return isKnown(resource: resource.dropLast(suffix.count)) ? nil : .resourceNotFound
        }
    }

    func secretError(_ form: FormFields, client: Int, isRequired: Bool) -> PayoutSandbox.SignInError? {
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
                lockouts[index].lockedUntil = now + account.lockoutDuration.inNanoseconds
                throw .accountLocked
            }
            lockouts[index] = Lockout()
        }
        guard password == account.password else {
            lockouts[index].failures += 1
            if lockouts[index].failures >= account.lockoutThreshold {
                lockouts[index].lockedUntil = now + account.lockoutDuration.inNanoseconds
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
        guard let known = tokens.grant(ofRefreshToken: token), clients.contains(Int(known.account)) else {
            throw .refreshTokenInvalid
        }
        if known.isRevoked { throw .refreshTokenRevoked }
        if known.expires <= now { throw .refreshTokenExpired }
        // The refresh token was obtained with multi-factor authentication: that is the point of this flow.
        switch configuration.accounts[Int(known.account)].refusal {
        case nil, .multiFactorRequired, .multiFactorEnrolmentRequired: break
        case let error?: throw error
        }
        return SignIn(
            account: known.account,
            refreshTokenUsed: token,
            wantsRefreshToken: true,
            methods: known.methods
        )
    }

    mutating func refusal(
        _ error: PayoutSandbox.SignInError,
        of request: ServiceRequest,
        at now: Timestamp
    ) -> ServiceReply {
        stats.signInsRefused += 1
        let trace = GUID(using: &random)
        let correlation = request.fields[.clientRequestID].flatMap { GUID($0) } ?? GUID(using: &random)
        var writer = JSONWriter(capacity: 512)
        writer.object { writer in
            writer.member("error", error.oauthCode)
            writer.member(
                "error_description",
                "AADSTS\(error.rawValue): \(error.message) Trace ID: \(trace.text) Correlation ID: \(correlation.text) "
                    + "Timestamp: \(now.secondsText)"
            )
            writer.key("error_codes")
            writer.array([error.rawValue]) { $0.integer($1) }
            writer.member("timestamp", now.secondsText)
            writer.member("trace_id", trace.text)
            writer.member("correlation_id", correlation.text)
            if let suberror = error.suberror { writer.member("suberror", suberror) }
        }
        return tokenJSON(writer.bytes, status: error.status)
    }

    func tokenJSON(_ bytes: [UInt8], status: Int) -> ServiceReply {
        var reply = ServiceReply.json(bytes, status: status)
        reply.fields[.cacheControl] = "no-store, no-cache"
        return reply
    }

    private func indices(where condition: (PayoutSandbox.Account) -> Bool) -> [Int] {
        configuration.accounts.indices.filter { condition(configuration.accounts[$0]) }
    }
}
