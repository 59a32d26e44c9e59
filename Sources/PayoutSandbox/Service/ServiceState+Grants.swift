import Primitives

// Issuing tokens, with their claims.

extension ServiceState {
    /// Issues the tokens of a sign-in.
    mutating func success(_ signIn: SignIn, form: FormFields, version: Version, at now: Timestamp) -> ServiceReply {
        let policy = configuration.tokens
        let resource = version == .v1 ? form["resource"] ?? "" : Self.resource(of: signIn.scope ?? form["scope"] ?? "")
        let access = TokenStore.Grant(
            account: signIn.account,
            expires: now + policy.lifetime.inNanoseconds,
            methods: signIn.methods,
            audience: policy.audience ?? resource
        )
        let account = configuration.accounts[Int(access.account)]
        let token = tokens.issueAccessToken(access, serial: random.next(), at: now) { writer in
            account.appendClaims(of: access, to: &writer)
        }
        let refresh = refreshToken(for: signIn, at: now)
        stats.tokensIssued += 1
        let seconds = policy.lifetime.components.seconds
        let identity = identityToken(for: signIn, expires: access.expires, at: now)
        var writer = JSONWriter(capacity: 2_048)
        writer.object { writer in
            writer.member("token_type", "Bearer")
            switch version {
            case .v1:
                writer.member("scope", "user_impersonation")
                writer.member("expires_in", "\(seconds)")
                writer.member("ext_expires_in", "\(seconds)")
                writer.member("expires_on", "\(access.expires.seconds)")
                writer.member("not_before", "\(now.seconds)")
                writer.member("resource", form["resource"] ?? "")
            case .v2:
                writer.member("scope", signIn.scope ?? form["scope"] ?? "")
                writer.member("expires_in", seconds)
                writer.member("ext_expires_in", seconds)
            }
            writer.member("access_token", token)
            if let refresh { writer.member("refresh_token", refresh) }
            if let identity { writer.member("id_token", identity) }
        }
        return tokenJSON(writer.bytes, status: 200)
    }

    private mutating func refreshToken(for signIn: SignIn, at now: Timestamp) -> String? {
        let policy = configuration.tokens
        let grant = TokenStore.Grant(
            account: signIn.account,
            expires: now + policy.refreshTokenLifetime.inNanoseconds,
            methods: signIn.methods
        )
        if let used = signIn.refreshTokenUsed { tokens.used(refreshToken: used, until: grant.expires) }
        guard signIn.wantsRefreshToken, signIn.refreshTokenUsed == nil || policy.rotation != .none else { return nil }
        if let used = signIn.refreshTokenUsed, policy.rotation == .replacesPrevious {
            tokens.remove(refreshToken: used)
        }
        return tokens.issueRefreshToken(grant, serial: random.next())
    }

    private func identityToken(for signIn: SignIn, expires: Timestamp, at now: Timestamp) -> String? {
        guard let scope = signIn.scope, scope.split(separator: " ").contains("openid") else { return nil }
        let account = configuration.accounts[Int(signIn.account)]
        var writer = JSONWriter(capacity: 512)
        writer.object { writer in
            writer.member("iat", now.seconds)
            writer.member("exp", expires.seconds)
            writer.member("ver", "2.0")
            writer.member("aud", account.clientID)
            writer.member("tid", account.tenantID)
            writer.member("preferred_username", account.username)
            if let nonce = signIn.nonce { writer.member("nonce", nonce) }
        }
        return tokens.signed(writer.bytes)
    }

    /// The resource of a scope such as `https://api.partner.microsoft.com/.default`.
    private static func resource(of scope: String) -> String {
        let suffix = "/.default"
        return scope.split(separator: " ").first { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }
            ?? ""
    }
}

extension PayoutSandbox.Account {
    /// The claims of an access token that depend on the account.
    fileprivate func appendClaims(of grant: TokenStore.Grant, to writer: inout JSONWriter) {
        writer.member("appidacr", "0")
        writer.member("aud", grant.audience)
        writer.member("appid", clientID)
        writer.member("tid", tenantID)
        if grant.isApplication {
            writer.member("idtyp", "app")
            writer.key("roles")
            writer.array(["user_impersonation"]) { $0.string($1) }
        } else {
            writer.member("upn", username)
            writer.member("scp", "user_impersonation")
            writer.member("idtyp", "user")
            writer.key("amr")
            writer.array(grant.methods) { $0.string($1) }
        }
    }
}
